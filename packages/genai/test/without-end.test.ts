import type { ReceiverObserver } from '@gwh/core'
import { PermanentError } from '@gwh/core/errors'
import { createMemoryLedger, type JobKey, type JobLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { watch } from './outcomes.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'

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
    const batch = await jobs.track(world.createBatch(PATH), { expectedMs: 1 })
    const seen = watch(jobs.done(batch))
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

describe('a job whose event no receiver accepts', () => {
  const userMetadata = '{"form":{"__proto__":"x"}}'

  async function setUp(prepare: (ledger: JobLedger, job: JobKey & { name: string }, now: number) => unknown) {
    const world = await createWorld()
    const ledger = createMemoryLedger()
    const job = { endpoint: 'default', id: 'batch/x', name: 'batches/x' }
    await prepare(ledger, job, world.clock.now())
    world.client.batches.get = async () => ({ name: job.name, state: 'JOB_STATE_SUCCEEDED' }) as never
    const { jobs, receiver, signals } = world.start(PATH, { ledger })
    const seen = watch(jobs.done(job.name))
    await world.advance(10 * MINUTE_MS)
    return { seen, signals, jobs, receiver, job, found: await jobs.reconcile() }
  }

  test('because of metadata that another service wrote is given up', async () => {
    const { seen, signals, jobs, receiver, job, found } = await setUp((ledger, opened, now) =>
      ledger.open({ ...opened, createdAt: now, lookAt: now, userMetadata }),
    )
    expect(seen.error).toMatchObject({
      code: 'job_given_up',
      message: expect.stringContaining('no receiver'),
    })
    expect(signals.map(({ type }) => type)).toEqual(['lookup', 'given_up'])
    expect(signals.at(-1)).toMatchObject({ job: job.name })
    expect(found).toMatchObject({ checked: 0 })
    // Its webhook still counts.
    await receiver.emit({ type: 'batch.expired', data: { id: job.name } }, { id: 'late' })
    await expect(jobs.done(job.name)).rejects.toMatchObject({ code: 'job_failed', reason: 'expired' })
  })

  test('and whose end is in the ledger already is settled', async () => {
    const event = `{"type":"batch.succeeded","version":"v1","data":{"id":"batches/x"},"user_metadata":${userMetadata}}`
    const { seen, signals, found } = await setUp((ledger, ended, now) =>
      ledger.end({ ...ended, event, now, expiresAt: now + HOUR_MS }),
    )
    expect(seen.error).toMatchObject({ code: 'job_given_up' })
    expect(signals.map(({ type }) => type)).toEqual(['given_up'])
    expect(found).toMatchObject({ checked: 0 })
  })
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

describe('a name that was never tracked and that the API does not know', () => {
  test('is looked up twice within seconds, and leaves nothing for a sweep', async () => {
    const world = await createWorld()
    const { jobs } = world.start(PATH)
    const seen = watch(jobs.done('batches/nope'))
    await world.advance(2_000, 500)
    expect([seen, world.gets()]).toEqual([{}, ['GET batches/nope']])
    await world.advance(3_000, 500)
    expect(seen.error).toMatchObject({
      code: 'result_not_found',
      message: expect.stringContaining('batches/nope'),
    })
    await world.advance(2 * MINUTE_MS)
    expect(await jobs.reconcile()).toMatchObject({ checked: 0, notFound: [] })
    expect(world.gets()).toHaveLength(2)
  })

  test('also if nobody waits any more', async () => {
    const world = await createWorld()
    const { jobs } = world.start(PATH)
    const seen = watch(jobs.done('batches/nope', { timeoutMs: 1_000 }))
    await world.advance(5_000, 500)
    expect(seen.error).toMatchObject({ code: 'wait_timeout' })
    await world.advance(2 * MINUTE_MS)
    expect(await jobs.reconcile()).toMatchObject({ checked: 0, notFound: [] })
  })

  test('is waited for like any other once it is tracked', async () => {
    const world = await createWorld()
    const { jobs } = world.start(PATH)
    const seen = watch(jobs.done('batches/new'))
    await world.advance(1_000, 500)
    await jobs.track('batches/new')
    await world.advance(20_000, 500)
    expect(seen).toEqual({})
  })
})
