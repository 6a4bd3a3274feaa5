import { createMemoryQueue, type ReceiverObserver } from '@gwh/core'
import { createMemoryLedger, type JobLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import type { Jobs } from '../src/index.ts'
import { summary, watch } from './outcomes.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'

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

test('an event that somebody awaits is handled, though no handler matches it', async () => {
  const world = await createWorld()
  const seen: string[] = []
  const observer: ReceiverObserver = ({ type }) => void seen.push(type)
  const { jobs } = world.start(PATH, { observer })
  const done = jobs.done(await jobs.track(world.createBatch(PATH)))
  await world.advance(MINUTE_MS)
  expect(await done).toMatchObject({ kind: 'batch' })
  expect(seen).toEqual(['handled', 'accepted'])
})

test('a job that its ledger has forgotten is added again while it is awaited', async () => {
  const world = await createWorld()
  let current = createMemoryLedger()
  const ledger = new Proxy(current, {
    get: (_, method: keyof JobLedger) => current[method],
  })
  const { jobs } = world.start(PATH, { ledger })
  const batch = await jobs.track(world.createBatch('/nobody'))
  const seen = watch(jobs.done(batch))
  await world.settle()
  current = createMemoryLedger()
  await world.advance(5 * MINUTE_MS)
  expect(seen.value).toMatchObject({ kind: 'batch' })
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
    expect(first.error).toMatchObject({
      code: 'wait_timeout',
      message: `neither an event nor a look-up has reported an end of ${batch.name} within 60000 ms`,
    })
    const second = watch(jobs.done(batch))
    await world.advance(HOUR_MS)
    expect(second.value).toMatchObject({ kind: 'batch' })
  })

  test('that is given up while the ledger is asked rejects, and leaves no rejection behind', async () => {
    const world = await createWorld()
    const memory = createMemoryLedger()
    let isSlow = false
    let answer = () => {}
    const ledger: JobLedger = {
      ...memory,
      async find(id) {
        if (isSlow) await new Promise<void>((resolve) => (answer = resolve))
        return await memory.find(id)
      },
    }
    const { jobs } = world.start(PATH, { ledger })
    const batch = await jobs.track(world.createBatch(PATH))
    isSlow = true
    const controller = new AbortController()
    const seen = watch(jobs.done(batch, { signal: controller.signal }))
    await world.settle()
    controller.abort(new RangeError('enough'))
    // Long enough for an unhandled rejection to be noticed, which fails the run.
    await world.settle()
    expect(seen.error).toMatchObject({ message: 'enough' })
    isSlow = false
    answer()
    await world.settle()
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
    ['a time that is none', (jobs) => jobs.done('batches/x', { timeoutMs: Number.NaN })],
    ['a negative time', (jobs) => jobs.done('batches/x', { timeoutMs: -1 })],
    ['a job without a name', (jobs) => jobs.track({})],
    ['a folder', (jobs) => jobs.done('batches/')],
    ['a name that ends with a slash', (jobs) => jobs.track({ name: 'batches/x/' })],
  ])('and track refuse %s', async (_, call) => {
    const world = await createWorld()
    await expect(call(world.start(PATH).jobs)).rejects.toMatchObject({ code: 'option_invalid' })
  })

  test('has an expected time for each kind of job that is a whole number', async () => {
    const world = await createWorld()
    for (const expectedMs of [{ batch: Number.NaN }, { video: -1 }, { videos: 1 }]) {
      expect(() => world.start(PATH, { jobs: { expectedMs: expectedMs as object } })).toThrow(
        expect.objectContaining({ code: 'option_invalid' }),
      )
    }
  })

  test('track rejects with what the call of the SDK rejects with', async () => {
    const world = await createWorld()
    const refused = world.start(PATH).jobs.track(Promise.reject(new RangeError('quota')))
    await expect(refused).rejects.toThrow('quota')
  })
})
