import { createMemoryQueue } from '@gwh/core'
import { createMemoryLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { type JobsSignal, reconcile } from '../src/index.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'

describe.each([
  { mode: 'inline', options: () => ({}) },
  { mode: 'with a queue', options: () => ({ queue: createMemoryQueue() }) },
])('reconcile, $mode', ({ options }) => {
  async function setUp() {
    const world = await createWorld()
    const receiver = world.createReceiver(PATH, options())
    const handled: { type: string; id: string | undefined; userMetadata: object }[] = []
    receiver.on('*', ({ type, id, userMetadata }) => void handled.push({ type, id, userMetadata }))
    const signals: JobsSignal[] = []
    const common = {
      client: world.client,
      receiver,
      clock: world.clock,
      observer: (signal: JobsSignal) => signals.push(signal),
    }
    const drain = async () => void ('queue' in options() && (await receiver.drain()))
    return { world, receiver, handled, signals, common, drain }
  }

  test('takes missed events of a list of names to the handlers, once', async () => {
    const { world, handled, common, drain } = await setUp()
    world.state.receivers.delete(PATH)
    const ended = await world.createBatch(PATH)
    world.emulator.scenarios.add({ then: { afterMs: 50 * HOUR_MS } })
    const running = await world.createInteraction(PATH)
    await world.advance(MINUTE_MS)
    const userMetadata = { job_group: 'nightly' }
    const jobs = () => [{ name: ended.name!, userMetadata }, running.id!, 'batches/unknown']
    const found = await reconcile({ ...common, jobs })
    expect(found).toEqual({
      checked: 3,
      missed: [ended.name],
      unhandled: [],
      running: [running.id],
      notFound: ['batches/unknown'],
      failed: [],
    })
    await drain()
    await reconcile({ ...common, jobs: async () => [ended.name!] })
    await drain()
    expect(handled).toEqual([{ type: 'batch.succeeded', id: ended.name, userMetadata }])
  })

  test('makes a webhook that comes late a duplicate', async () => {
    const { world, receiver, handled, signals, common, drain } = await setUp()
    world.state.receivers.delete(PATH)
    const { name } = await world.createBatch(PATH)
    await world.advance(MINUTE_MS)
    await reconcile({ ...common, jobs: () => [name!] })
    await drain()
    world.state.receivers.set(PATH, receiver)
    await world.advance(24 * HOUR_MS, HOUR_MS)
    await drain()
    expect(world.emulator.deliveries()).toMatchObject([{ state: 'acked' }])
    expect(handled).toHaveLength(1)
    expect(signals.at(-1)).toMatchObject({ type: 'duplicate', job: name })
  })

  test('handles no event again that a webhook has brought since the first call', async () => {
    const { world, handled, common, drain } = await setUp()
    await reconcile({ ...common, jobs: () => [] })
    const { name } = await world.createBatch(PATH)
    await world.advance(MINUTE_MS)
    await drain()
    await reconcile({ ...common, jobs: () => [name!] })
    await drain()
    expect(handled).toHaveLength(1)
  })

  test('leaves young jobs alone', async () => {
    const { world, common } = await setUp()
    const { name } = await world.createBatch(PATH)
    const jobs = () => [{ name: name!, createdAt: world.clock.now() }]
    await world.advance(MINUTE_MS)
    expect(await reconcile({ ...common, jobs, olderThanMs: HOUR_MS })).toMatchObject({ checked: 0 })
    expect(world.gets()).toEqual([])
  })
})

test('a ledger of its own remembers across receivers', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const { name } = await world.createBatch('/nobody')
  await world.advance(MINUTE_MS)
  const handled: string[] = []
  for (const path of ['/one', '/other']) {
    const receiver = world.createReceiver(path)
    receiver.on('*', () => void handled.push(path))
    await reconcile({ client: world.client, receiver, jobs: () => [name!], ledger, clock: world.clock })
  }
  expect(handled).toEqual(['/one'])
})

test.each([
  [{ jobs: ['batches/x'] }, /jobs must be a function/],
  [{ olderThanMs: -1 }, /olderThanMs/],
  [{ older: 1 }, /no option/],
])('options %j are refused', async (change, message) => {
  const world = await createWorld()
  const options = { client: world.client, receiver: world.createReceiver(PATH), jobs: () => [], ...change }
  await expect(reconcile(options as never)).rejects.toThrow(message)
})

test('failed videos have no webhook: a look-up finds them, and takes a video.failed to the handlers', async () => {
  const world = await createWorld()
  world.emulator.scenarios.add({
    when: { kind: 'video' },
    then: { outcome: 'failed', error: { code: 3, message: 'unsafe' } },
  })
  const receiver = world.createReceiver(PATH)
  const types: string[] = []
  receiver.on(
    'video.failed' as string,
    (event) => void types.push(`${event.type} ${event.data.error_message}`),
  )
  const made = await world.emulator.fetch(
    new Request('http://127.0.0.1:1/v1beta/models/veo:predictLongRunning', {
      method: 'POST',
      headers: { 'x-goog-api-key': 'test', 'content-type': 'application/json' },
      body: JSON.stringify({ instances: [{ prompt: 'a cat' }], parameters: {} }),
    }),
  )
  const { name } = (await made.json()) as { name: string }
  await world.advance(10 * MINUTE_MS)
  await reconcile({ client: world.client, receiver, jobs: () => [name], clock: world.clock })
  expect(types).toEqual(['video.failed unsafe'])
})
