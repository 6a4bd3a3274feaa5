import { createMemoryQueue } from '@gwh/core'
import { createMemoryLedger } from '@gwh/core/store'
import { expect, test } from 'vitest'
import { reconcile } from '../src/index.ts'
import { watch } from './outcomes.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const SERVER = '/server'
const SCRIPT = '/script'
const DAY_MS = 24 * HOUR_MS

/** A process with handlers, a process that only awaits, and a job whose webhook goes to the first. */
async function setUp() {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const server = world.start(SERVER, { ledger, queue: createMemoryQueue({ clock: world.clock }) })
  const handled: string[] = []
  server.receiver.on('batch.succeeded', ({ id }) => void handled.push(id))
  server.receiver.work()
  const script = world.start(SCRIPT, { ledger })
  const lose = () => world.state.receivers.delete(SERVER)
  const back = () => world.state.receivers.set(SERVER, server.receiver)
  return { world, ledger, server, script, handled, lose, back }
}

test('a process that only awaits leaves the event of a late webhook to the handlers of another', async () => {
  const { world, server, script, handled, lose, back } = await setUp()
  lose()
  const batch = await script.jobs.track(world.createBatch(SERVER), { expectedMs: MINUTE_MS })
  const seen = watch(script.jobs.done(batch))
  await world.advance(3 * MINUTE_MS)
  expect(seen.value).toMatchObject({ kind: 'batch' })
  expect(script.signals.at(-1)).toEqual({ type: 'unhandled', job: batch.name, eventType: 'batch.succeeded' })
  back()
  await world.advance(2 * HOUR_MS)
  expect(handled).toEqual([batch.name])
  expect(server.signals.filter(({ type }) => type !== 'duplicate')).toEqual([
    { type: 'missed', job: batch.name, eventType: 'batch.succeeded' },
  ])
})

test('if the webhook is lost, the process with handlers finds the event in the ledger without a request', async () => {
  const { world, script, handled, lose } = await setUp()
  lose()
  const batch = await script.jobs.track(world.createBatch(SERVER), { expectedMs: MINUTE_MS })
  await world.advance(2 * MINUTE_MS)
  expect([world.gets().length, handled]).toEqual([1, []])
  // As long as processes sleep at most, and a little.
  await world.advance(6 * MINUTE_MS)
  expect(handled).toEqual([batch.name])
  expect(world.gets()).toHaveLength(1)
})

test('so does a sweep of a process that starts later', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const script = world.start(SCRIPT, { ledger })
  const batch = await script.jobs.track(world.createBatch('/nobody'))
  await world.advance(MINUTE_MS)
  expect(await script.jobs.reconcile()).toMatchObject({ checked: 1, missed: [], unhandled: [batch.name] })
  const late = world.start(SERVER, { ledger })
  const handled: string[] = []
  late.receiver.onUnhandled(({ id }) => void handled.push(id!))
  await world.advance(2 * MINUTE_MS)
  expect(await late.jobs.reconcile()).toMatchObject({ missed: [batch.name], unhandled: [] })
  expect(handled).toEqual([batch.name])
  expect(world.gets()).toHaveLength(1)
})

test('an event that no handler matches by its metadata is left too', async () => {
  const { world, script, handled, lose } = await setUp()
  lose()
  script.receiver.on({ type: 'batch.succeeded', metadata: { job_group: 'other' } }, () => {
    handled.push('wrong')
  })
  const userMetadata = { job_group: 'nightly' }
  const batch = await script.jobs.track(world.createBatch(SERVER, userMetadata), {
    userMetadata,
    expectedMs: 1,
  })
  await world.advance(HOUR_MS)
  expect(handled).toEqual([batch.name])
})

test('where nobody has a handler, an event is not looked at in a tight loop, and its job is forgotten', async () => {
  const world = await createWorld()
  const kept = createMemoryLedger()
  let taken = 0
  const take = async (options: Parameters<typeof kept.take>[0]) => {
    const jobs = await kept.take(options)
    taken += jobs.length
    return jobs
  }
  const { jobs, receiver } = world.start(SCRIPT, { ledger: { ...kept, take } })
  const batch = await jobs.track(world.createBatch('/nobody'), { expectedMs: MINUTE_MS })
  await world.advance(DAY_MS, MINUTE_MS)
  expect(taken).toBeLessThan(20)
  await world.advance(8 * DAY_MS, HOUR_MS)
  expect(taken).toBeLessThan(60)
  expect(world.gets()).toHaveLength(1)
  const { endpoint } = receiver
  const now = world.clock.now()
  expect(await kept.nextLookAt(endpoint, now)).toBeUndefined()
  // A ledger forgets when it is written to.
  await kept.end({ endpoint, id: 'batch/other', name: 'batches/other', event: '{}', now, expiresAt: now })
  expect(await kept.find({ endpoint, id: batch.name!.replace('batches', 'batch') })).toBeUndefined()
})

test('a sweep of a list of names says which events no handler matched', async () => {
  const world = await createWorld()
  const receiver = world.createReceiver(SCRIPT)
  const { name } = await world.createBatch('/nobody')
  await world.advance(MINUTE_MS)
  const { client, clock } = world
  const sweep = () => reconcile({ client, receiver, jobs: () => [name!], clock })
  expect(await sweep()).toMatchObject({ missed: [], unhandled: [name] })
  receiver.on('batch.*', () => {})
  expect(await sweep()).toMatchObject({ missed: [name], unhandled: [] })
})
