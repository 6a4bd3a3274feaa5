import { createMemoryQueue, type WebhookEvent } from '@gwh/core'
import { createMemoryLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import type { BatchRow, JobResult, Jobs } from '../src/index.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'

/** What is essential about a result. */
async function summary(result: JobResult): Promise<unknown> {
  if (result.kind !== 'batch') return result.kind === 'interaction' ? result.text : result.kind
  const rows: BatchRow[] = []
  for await (const row of result) rows.push(row)
  return rows.map(({ key, response }) => [key, response !== undefined])
}

/** Starts to wait and keeps what becomes of it. */
function watch<T>(promise: Promise<T>) {
  const seen: { value?: T; error?: unknown } = {}
  promise.then(
    (value) => {
      seen.value = value
    },
    (error: unknown) => {
      seen.error = error
    },
  )
  return seen
}

const MODES = [
  { mode: 'inline', options: () => ({}) },
  { mode: 'with a queue', options: () => ({ queue: createMemoryQueue() }) },
]

describe('a job whose webhook comes', () => {
  test('is awaited without a look-up', async () => {
    const world = await createWorld()
    const { jobs, receiver, signals } = world.start(PATH)
    const handled: string[] = []
    receiver.on('*', (event) => void handled.push(event.type))
    const batch = await jobs.track(world.createBatch(PATH))
    const interaction = await jobs.track(world.createInteraction(PATH))
    expect(batch.name).toMatch(/^batches\//)
    const results = Promise.all([jobs.done(batch), jobs.done(interaction.id!)])
    expect(world.gets()).toEqual([])
    await world.advance(MINUTE_MS)
    const [rows, text] = await Promise.all((await results).map(summary))
    expect([rows, text]).toEqual([[['k1', true]], 'Echo: hi'])
    expect(world.gets()).toEqual([`GET ${batch.name}`, `GET interactions/${interaction.id}`])
    expect(handled.sort()).toEqual(['batch.succeeded', 'interaction.completed'])
    await world.advance(HOUR_MS * 3, HOUR_MS)
    expect(signals).toEqual([])
  })

  test('can have ended before it is tracked and before it is awaited', async () => {
    const world = await createWorld()
    const { jobs } = world.start(PATH)
    const batch = await world.createBatch(PATH)
    await world.advance(MINUTE_MS)
    await jobs.track(batch)
    expect(await summary(await jobs.done(batch))).toEqual([['k1', true]])
    expect(world.gets()).toEqual([`GET ${batch.name}`])
  })

  test.each([
    ['failed', { code: 'job_failed', reason: 'failed' }],
    ['expired', { code: 'job_failed', reason: 'expired' }],
    ['cancelled', { code: 'job_failed', reason: 'cancelled' }],
  ] as const)('and reports that it %s rejects', async (outcome, expected) => {
    const world = await createWorld()
    const { jobs } = world.start(PATH)
    const batch = await jobs.track(world.createBatch(PATH))
    const seen = watch(jobs.done(batch))
    await world.emulator
      .finish({ id: batch.name! } as never, outcome)
      .catch(() => world.emulator.finish(batch.name! as never, outcome))
    await world.advance(1)
    expect(seen.error).toMatchObject(expected)
  })

  test('and waits for function calls is answered and awaited on', async () => {
    const world = await createWorld()
    world.emulator.scenarios.add({
      when: { kind: 'interaction' },
      then: {
        outcome: 'requires_action',
        requiresAction: [{ name: 'weather', arguments: { city: 'Oslo' } }],
      },
      times: 1,
    })
    const { jobs } = world.start(PATH)
    const first = await jobs.track(world.createInteraction(PATH))
    const waiting = jobs.done(first)
    await world.advance(MINUTE_MS)
    const pending = await waiting
    if (pending.kind !== 'requires_action') throw new TypeError('no calls')
    expect(pending.calls).toMatchObject([{ name: 'weather', arguments: { city: 'Oslo' } }])
    const webhook_config = await world.webhookConfig(PATH)
    const results = pending.calls.map(({ id }) => ({ id, result: { degrees: 3 } }))
    const next = await jobs.track(pending.respond(results, { webhook_config }))
    const done = jobs.done(next)
    await world.advance(MINUTE_MS)
    expect(await done).toMatchObject({ kind: 'interaction', status: 'completed' })
  })
})

describe.each(MODES)('a job whose webhook is lost, $mode', ({ options }) => {
  async function setUp() {
    const world = await createWorld()
    const given = options()
    const process = world.start(PATH, given)
    const handled: WebhookEvent[] = []
    const schemes: string[] = []
    process.receiver.on('*', (event, { delivery }) => {
      handled.push(event)
      schemes.push(delivery.scheme)
    })
    if ('queue' in given) process.receiver.work()
    const lose = () => world.state.receivers.delete(PATH)
    const back = () => world.state.receivers.set(PATH, process.receiver)
    return { world, ...process, handled, schemes, lose, back }
  }

  test('is looked up once when its event is overdue, and goes to the handlers', async () => {
    const { world, jobs, signals, handled, schemes, lose } = await setUp()
    lose()
    const userMetadata = { job_group: 'nightly' }
    const batch = await jobs.track(world.createBatch(PATH, userMetadata), { userMetadata })
    const seen = watch(jobs.done(batch))
    await world.advance(59 * MINUTE_MS)
    expect([seen.value, world.gets()]).toEqual([undefined, []])
    await world.advance(10 * MINUTE_MS)
    expect(await summary(seen.value!)).toEqual([['k1', true]])
    expect(handled).toMatchObject([{ type: 'batch.succeeded', id: batch.name, userMetadata }])
    expect(schemes).toEqual(['local'])
    expect(signals).toEqual([
      { type: 'lookup', job: batch.name, kind: 'batch', reason: 'overdue' },
      { type: 'missed', job: batch.name, eventType: 'batch.succeeded' },
    ])
    // One for the look-up, one for the result.
    expect(world.gets()).toHaveLength(2)
    await world.advance(12 * HOUR_MS, HOUR_MS)
    expect(world.gets()).toHaveLength(2)
  })

  test('and then comes late is a duplicate', async () => {
    const { world, jobs, signals, handled, lose, back } = await setUp()
    lose()
    const batch = await jobs.track(world.createBatch(PATH), { expectedMs: MINUTE_MS })
    await world.advance(5 * MINUTE_MS)
    expect(handled).toHaveLength(1)
    back()
    await world.advance(24 * HOUR_MS, HOUR_MS)
    expect(world.emulator.deliveries().map(({ state }) => state)).toEqual(['acked'])
    expect(handled).toHaveLength(1)
    expect(signals.at(-1)).toEqual({ type: 'duplicate', job: batch.name, eventType: 'batch.succeeded' })
  })

  test('is found by a sweep, which names what it found', async () => {
    const { world, jobs, handled, lose } = await setUp()
    lose()
    const ended = await jobs.track(world.createBatch(PATH))
    world.emulator.scenarios.add({ then: { afterMs: 50 * HOUR_MS } })
    const running = await jobs.track(world.createInteraction(PATH), { expectedMs: 48 * HOUR_MS })
    await world.advance(10 * MINUTE_MS)
    const young = await jobs.track(world.createBatch(PATH))
    const found = await jobs.reconcile({ olderThanMs: 5 * MINUTE_MS })
    await world.settle()
    expect(found).toEqual({
      checked: 2,
      missed: [ended.name],
      running: [running.id],
      notFound: [],
      failed: [],
    })
    expect(handled.map(({ id }) => id)).toEqual([ended.name])
    // A second process that sweeps at the same moment finds nothing to do.
    expect(await jobs.reconcile()).toMatchObject({ checked: 0 })
    await world.advance(2 * MINUTE_MS)
    expect(await jobs.reconcile()).toMatchObject({
      checked: 2,
      running: expect.arrayContaining([young.name]),
    })
  })
})

test('a handler that fails gets a missed event again, without another look-up', async () => {
  const world = await createWorld()
  const { jobs, receiver, signals } = world.start(PATH)
  let attempts = 0
  receiver.on('*', () => {
    if (++attempts < 3) throw new TypeError('not yet')
  })
  world.state.receivers.delete(PATH)
  const batch = await jobs.track(world.createBatch(PATH), { expectedMs: MINUTE_MS })
  const seen = watch(jobs.done(batch))
  await world.advance(2 * MINUTE_MS)
  // The job has ended, whatever becomes of its handler.
  expect(seen.value).toMatchObject({ kind: 'batch' })
  await world.advance(10 * MINUTE_MS)
  expect(attempts).toBe(3)
  expect(signals.filter(({ type }) => type === 'lookup')).toHaveLength(1)
})

test('an event that is being handled is not handled from the other source meanwhile', async () => {
  const world = await createWorld()
  const { jobs, receiver, signals } = world.start(PATH)
  let running = 0
  let handled = 0
  const { promise: release, resolve } = Promise.withResolvers<void>()
  receiver.on('*', async () => {
    running++
    await release
    running--
    handled++
  })
  const batch = await jobs.track(world.createBatch(PATH), { expectedMs: 1 })
  // The webhook arrives, and its handler takes long.
  const delivered = world.emulator.clock.advance(2_000)
  await expect.poll(() => running).toBe(1)
  const swept = await receiver
    .emit({ type: 'batch.succeeded', data: { id: batch.name! } }, { id: 'the other source' })
    .catch((error: unknown) => error)
  expect(swept).toMatchObject({ code: 'handler_failed' })
  expect(running).toBe(1)
  resolve()
  await delivered
  await receiver.emit({ type: 'batch.succeeded', data: { id: batch.name! } }, { id: 'the other source' })
  expect(handled).toBe(1)
  expect(signals).toContainEqual({ type: 'duplicate', job: batch.name, eventType: 'batch.succeeded' })
})

test('a handled delivery that its queue hands out again runs again', async () => {
  const world = await createWorld()
  const queue = createMemoryQueue({ clock: world.clock, retainBodies: { forMs: HOUR_MS } })
  const { jobs, receiver } = world.start(PATH, { queue })
  const replays: (boolean | undefined)[] = []
  receiver.on('*', (_, { replay }) => void replays.push(replay))
  await jobs.track(world.createBatch(PATH))
  await world.advance(MINUTE_MS)
  await receiver.drain()
  expect(await queue.replay({})).toBe(1)
  await receiver.drain()
  expect(replays).toEqual([undefined, true])
})

describe('while the API is down', () => {
  test('one look-up at a time finds out whether it is back, with growing pauses', async () => {
    const world = await createWorld()
    const { jobs, receiver, signals } = world.start(PATH)
    const handled: string[] = []
    receiver.on('*', (event) => void handled.push(event.id!))
    const batches = await Promise.all(
      Array.from({ length: 10 }, () => jobs.track(world.createBatch(PATH), { expectedMs: MINUTE_MS })),
    )
    world.state.receivers.delete(PATH)
    world.state.apiUp = false
    await world.advance(25 * HOUR_MS)
    const tried = world.gets().length
    expect(tried).toBeLessThan(40)
    expect(signals.filter(({ type }) => type === 'paused').length).toBeGreaterThan(20)
    world.state.apiUp = true
    await world.advance(8 * HOUR_MS)
    expect(handled.sort()).toEqual(batches.map(({ name }) => name!).sort())
    expect(world.gets().length - tried).toBe(10)
  })

  test('a sweep stops asking, and says what it could not check', async () => {
    const world = await createWorld()
    const { jobs } = world.start(PATH)
    for (let index = 0; index < 20; index++) await jobs.track(world.createBatch(PATH))
    world.state.apiUp = false
    const { checked, failed } = await jobs.reconcile()
    expect([checked, failed.length]).toEqual([20, 20])
    expect(failed[0]).toMatchObject({ error: { code: 'result_unavailable' } })
    expect(world.gets().length).toBeLessThanOrEqual(4)
  })
})

test('a job that the API does not know is not found, and not looked up again', async () => {
  const world = await createWorld()
  const { jobs, receiver, signals } = world.start(PATH)
  receiver.on('*', () => expect.unreachable())
  const batch = await jobs.track(world.createBatch(PATH), { expectedMs: 1 })
  const seen = watch(jobs.done(batch))
  await world.client.batches.delete({ name: batch.name! })
  await world.advance(MINUTE_MS)
  expect(seen.error).toMatchObject({ code: 'result_not_found' })
  expect(signals.at(-1)).toEqual({ type: 'not_found', job: batch.name })
  await world.advance(24 * HOUR_MS, HOUR_MS)
  expect(world.gets()).toHaveLength(1)
})

test('a job that runs long is looked up more and more rarely', async () => {
  const world = await createWorld({ jobs: { batchMs: 47 * HOUR_MS } })
  const { jobs, receiver } = world.start(PATH)
  const handled: string[] = []
  receiver.on('*', (event) => void handled.push(event.type))
  await jobs.track(world.createBatch(PATH))
  await world.advance(46 * HOUR_MS, HOUR_MS)
  expect(world.gets().length).toBeLessThanOrEqual(10)
  await world.advance(2 * HOUR_MS)
  expect(handled).toEqual(['batch.succeeded'])
})

describe('done', () => {
  async function setUp() {
    const world = await createWorld({ jobs: { batchMs: HOUR_MS } })
    const { jobs } = world.start(PATH)
    return { world, jobs, batch: await jobs.track(world.createBatch(PATH)) }
  }

  test('gives up after its time, and can be called again', async () => {
    const { world, jobs, batch } = await setUp()
    const first = watch(jobs.done(batch, { timeoutMs: MINUTE_MS }))
    await world.advance(MINUTE_MS)
    expect(first.error).toMatchObject({ code: 'wait_timeout' })
    const second = watch(jobs.done(batch))
    await world.advance(HOUR_MS)
    expect(second.value).toMatchObject({ kind: 'batch' })
  })

  test('stops waiting when it is aborted', async () => {
    const { world, jobs, batch } = await setUp()
    const controller = new AbortController()
    const seen = watch(jobs.done(batch, { signal: controller.signal }))
    await world.settle()
    controller.abort(new RangeError('enough'))
    await world.settle()
    expect(seen.error).toMatchObject({ message: 'enough' })
    await expect(jobs.done(batch, { signal: controller.signal })).rejects.toThrow('enough')
  })

  test.each<[string, (jobs: Jobs) => Promise<unknown>]>([
    ['no name', (jobs) => jobs.done({})],
    ['an unknown option', (jobs) => jobs.done('batches/x', { timeout: 1 } as object)],
    ['a job without a name', (jobs) => jobs.track({})],
    ['an expected time that is none', (jobs) => jobs.track('batches/x', { expectedMs: Number.NaN })],
  ])('and track refuse %s', async (_, call) => {
    const world = await createWorld()
    await expect(call(world.start(PATH).jobs)).rejects.toMatchObject({ code: 'option_invalid' })
  })

  test('track rejects with what the call of the SDK rejects with', async () => {
    const world = await createWorld()
    const refused = world.start(PATH).jobs.track(Promise.reject(new RangeError('quota')))
    await expect(refused).rejects.toThrow('quota')
  })
})

describe('several processes that share a ledger', () => {
  test('a job that one has tracked is awaited in another, wherever the webhook arrives', async () => {
    const world = await createWorld()
    const ledger = createMemoryLedger()
    const one = world.start('/one', { ledger })
    const other = world.start('/other', { ledger })
    const third = world.start('/third', { ledger })
    const batch = await one.jobs.track(world.createBatch('/third'))
    await one.jobs.close()
    const seen = watch(other.jobs.done(batch.name!))
    await world.advance(MINUTE_MS)
    expect(seen.value).toMatchObject({ kind: 'batch', job: batch.name })
    expect(third.signals).toEqual([])
  })

  test('look each overdue job up once', async () => {
    const world = await createWorld()
    const ledger = createMemoryLedger()
    const processes = ['/a', '/b', '/c'].map((path) => world.start(path, { ledger }))
    const handled: string[] = []
    for (const { receiver } of processes) receiver.on('*', (event) => void handled.push(event.id!))
    const names: string[] = []
    for (let index = 0; index < 12; index++) {
      const { jobs } = processes[index % 3]!
      names.push((await jobs.track(world.createBatch('/nobody'), { expectedMs: MINUTE_MS })).name!)
    }
    await world.advance(10 * MINUTE_MS)
    expect(handled.sort()).toEqual(names.sort())
    expect(world.gets()).toHaveLength(12)
  })
})

test('an endpoint has handlers of its own: what another has handled is no duplicate there', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const handled: string[] = []
  for (const endpoint of ['a', 'b']) {
    const { receiver } = world.start(`/${endpoint}`, { ledger, endpoint })
    receiver.on('*', () => void handled.push(endpoint))
    await receiver.emit({ type: 'batch.succeeded', data: { id: 'batches/x' } }, { id: 'one' })
    await receiver.emit({ type: 'batch.succeeded', data: { id: 'x' } }, { id: 'other' })
  }
  expect(handled).toEqual(['a', 'b'])
})
