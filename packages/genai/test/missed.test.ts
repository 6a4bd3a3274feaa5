import { createMemoryQueue, type WebhookEvent } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { summary, watch } from './outcomes.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'

const MODES = [
  { mode: 'inline', options: () => ({}) },
  { mode: 'with a queue', options: () => ({ queue: createMemoryQueue() }) },
]

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
      unhandled: [],
      running: [running.id],
      notFound: [],
      failed: [],
    })
    expect(handled.map(({ id }) => id)).toEqual([ended.name])
    // A sweep that leaves out young jobs does not keep them from the next one.
    expect(await jobs.reconcile({ olderThanMs: 5 * MINUTE_MS })).toMatchObject({ checked: 0 })
    expect(await jobs.reconcile()).toMatchObject({ checked: 1, running: [young.name] })
    // A second process that sweeps at the same moment finds nothing to do.
    expect(await jobs.reconcile()).toMatchObject({ checked: 0 })
    await world.advance(2 * MINUTE_MS)
    expect(await jobs.reconcile()).toMatchObject({ running: expect.arrayContaining([running.id]) })
  })
})

test('an event that its webhook has brought is not looked up while its handler fails', async () => {
  const world = await createWorld()
  const { jobs, receiver, signals } = world.start(PATH)
  const schemes: string[] = []
  receiver.on('*', (_, { delivery }) => {
    schemes.push(delivery.scheme)
    if (schemes.length < 5) throw new TypeError('not yet')
  })
  await jobs.track(world.createBatch(PATH), { expectedMs: MINUTE_MS })
  await world.advance(HOUR_MS)
  expect(schemes).toEqual(Array(5).fill('dynamic'))
  expect(signals).toEqual([])
})

test('an event whose handler failed until its sender gave up is found by a sweep', async () => {
  const world = await createWorld()
  const { jobs, receiver } = world.start(PATH)
  const handled: string[] = []
  let isBroken = true
  receiver.on('*', (event) => {
    if (isBroken) throw new TypeError('not yet')
    handled.push(event.id!)
  })
  const batch = await jobs.track(world.createBatch(PATH))
  await world.advance(10 * MINUTE_MS)
  // As after an outage: nobody sends it again.
  world.state.receivers.delete(PATH)
  isBroken = false
  expect(await jobs.reconcile()).toMatchObject({ missed: [batch.name] })
  await world.settle()
  expect(handled).toEqual([batch.name])
  expect(await jobs.reconcile()).toMatchObject({ checked: 0 })
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
