import { createMemoryQueue, type ReceiverObserver, type WebhookEvent } from '@gwh/core'
import { PermanentError } from '@gwh/core/errors'
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

describe('an event that became a dead letter', () => {
  async function setUp(error: Error) {
    const world = await createWorld()
    const dead: string[] = []
    const observer: ReceiverObserver = ({ type }) => void (type === 'dead' && dead.push(type))
    const { jobs, receiver } = world.start(PATH, { observer, maxAttempts: 2 })
    const schemes: string[] = []
    receiver.on('*', (_, { delivery }) => {
      schemes.push(delivery.scheme)
      throw error
    })
    await jobs.track(world.createBatch(PATH))
    await world.advance(10 * MINUTE_MS)
    expect([schemes, dead]).toEqual([schemes.map(() => 'dynamic'), ['dead']])
    const given = schemes.length
    await world.advance(24 * HOUR_MS, HOUR_MS)
    expect(schemes).toHaveLength(given)
    await world.advance(72 * HOUR_MS, HOUR_MS)
    return schemes.slice(given)
  }

  test('because its attempts failed is handled once more, as a new delivery, after 25 hours', async () => {
    expect(await setUp(new TypeError('no database'))).toEqual(['local', 'local'])
  })

  test('because a handler rejected it is not handled again', async () => {
    expect(await setUp(new PermanentError('no such customer'))).toEqual([])
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

describe('a job that the API does not know', () => {
  async function setUp() {
    const world = await createWorld()
    const service = world.start(PATH)
    const handled: string[] = []
    service.receiver.on('*', (event) => void handled.push(event.type))
    return { world, handled, ...service }
  }

  test('is not found after a minute, and not looked up again', async () => {
    const { world, jobs, handled, signals } = await setUp()
    const batch = await jobs.track(world.createBatch(PATH), { expectedMs: 1 })
    const seen = watch(jobs.done(batch))
    await world.client.batches.delete({ name: batch.name! })
    await world.advance(50_000, 10_000)
    expect(seen.error).toBeUndefined()
    await world.advance(MINUTE_MS)
    expect(seen.error).toMatchObject({ code: 'result_not_found' })
    expect(signals.at(-1)).toEqual({ type: 'not_found', job: batch.name })
    const tries = world.gets().length
    expect(tries).toBeLessThanOrEqual(4)
    await world.advance(24 * HOUR_MS, HOUR_MS)
    expect([world.gets().length, handled]).toEqual([tries, []])
  })

  test('may be one that it has only just created', async () => {
    const { world, jobs, handled } = await setUp()
    const get = world.client.batches.get.bind(world.client.batches)
    let isKnown = false
    world.client.batches.get = async (options) => {
      if (isKnown) return await get(options)
      throw Object.assign(new Error('not found'), { status: 404 })
    }
    world.state.receivers.delete(PATH)
    const { name } = await world.createBatch(PATH)
    const seen = watch(jobs.done(name!))
    await world.advance(20_000, 10_000)
    isKnown = true
    await world.advance(2 * MINUTE_MS)
    expect(seen.value).toMatchObject({ kind: 'batch' })
    expect(handled).toEqual(['batch.succeeded'])
  })

  test('has ended when its webhook comes after all', async () => {
    const { world, jobs, receiver, handled } = await setUp()
    const seen = watch(jobs.done('batches/x'))
    await world.advance(3 * MINUTE_MS)
    expect(seen.error).toMatchObject({ code: 'result_not_found' })
    await receiver.emit({ type: 'batch.cancelled', data: { id: 'batches/x' } }, { id: 'late' })
    await expect(jobs.done('batches/x')).rejects.toMatchObject({ code: 'job_failed', reason: 'cancelled' })
    expect(handled).toEqual(['batch.cancelled'])
  })

  test('is looked up again when it is awaited again', async () => {
    const { world, jobs } = await setUp()
    const first = watch(jobs.done('batches/x'))
    await world.advance(3 * MINUTE_MS)
    expect(first.error).toMatchObject({ code: 'result_not_found' })
    world.client.batches.get = async () => ({ name: 'batches/x', state: 'JOB_STATE_EXPIRED' }) as never
    const second = watch(jobs.done('batches/x'))
    await world.advance(MINUTE_MS)
    expect(second.error).toMatchObject({ code: 'job_failed', reason: 'expired' })
  })
})

describe('a job without an end', () => {
  async function setUp(giveUpAfterMs: number | undefined, afterMs: number) {
    const world = await createWorld({ jobs: { batchMs: afterMs } })
    const options = giveUpAfterMs === undefined ? {} : { giveUpAfterMs }
    const service = world.start(PATH, { jobs: { pollMs: HOUR_MS, ...options } })
    const handled: string[] = []
    service.receiver.on('*', (event) => void handled.push(event.type))
    const batch = await service.jobs.track(world.createBatch(PATH))
    return { world, handled, batch, seen: watch(service.jobs.done(batch)), ...service }
  }

  test('is given up, and its webhook still counts', async () => {
    const { world, jobs, handled, batch, seen, signals } = await setUp(24 * HOUR_MS, 47 * HOUR_MS)
    await world.advance(23 * HOUR_MS, HOUR_MS)
    expect(seen.error).toBeUndefined()
    await world.advance(10 * HOUR_MS, HOUR_MS)
    expect(seen.error).toMatchObject({ code: 'job_given_up', job: batch.name })
    expect(signals.at(-1)).toMatchObject({ type: 'given_up', job: batch.name })
    const tries = world.gets().length
    await world.advance(15 * HOUR_MS, HOUR_MS)
    expect([handled, world.gets().length]).toEqual([['batch.succeeded'], tries])
    expect(await jobs.done(batch)).toMatchObject({ kind: 'batch' })
  })

  test('is given up after a week of refusals', async () => {
    const { world, seen, jobs } = await setUp(undefined, 30 * 24 * HOUR_MS)
    world.client.batches.get = () => Promise.reject(Object.assign(new Error('no'), { status: 403 }))
    await world.advance(160 * HOUR_MS, HOUR_MS)
    expect(seen.error).toBeUndefined()
    await world.advance(20 * HOUR_MS, HOUR_MS)
    expect(seen.error).toMatchObject({ code: 'job_given_up', message: expect.stringContaining('403') })
    expect(await jobs.reconcile()).toMatchObject({ checked: 0 })
  })

  test('is not given up while the API cannot be reached', async () => {
    const { world, seen, handled } = await setUp(24 * HOUR_MS, 10 * HOUR_MS)
    world.state.receivers.delete(PATH)
    world.state.apiUp = false
    await world.advance(40 * HOUR_MS, HOUR_MS)
    expect(seen.error).toBeUndefined()
    world.state.apiUp = true
    await world.advance(8 * HOUR_MS, HOUR_MS)
    expect(handled).toEqual(['batch.succeeded'])
  })

  test('that a sweep gives up is among those that failed', async () => {
    const { world, jobs, batch } = await setUp(10 * MINUTE_MS, 47 * HOUR_MS)
    // Sweeps alone look the job up.
    await jobs.close()
    for (let sweep = 0; sweep < 5; sweep++) {
      await world.advance(3 * MINUTE_MS)
      expect(await jobs.reconcile()).toMatchObject({ running: [batch.name] })
    }
    await world.advance(3 * MINUTE_MS)
    expect(await jobs.reconcile()).toMatchObject({
      failed: [{ job: batch.name, error: { code: 'job_given_up' } }],
    })
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
