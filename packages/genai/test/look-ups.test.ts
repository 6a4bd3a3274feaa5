import { createMemoryLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'
const EXPIRED = { state: 'JOB_STATE_EXPIRED' }
const never = () => new Promise<never>(() => {})
const refuse = (status: number) => () => Promise.reject(Object.assign(new Error('refused'), { status }))

/** A service whose look-ups of batches are answered by a function. */
async function createService(get: (name: string) => Promise<object>) {
  const world = await createWorld()
  const asked: string[] = []
  const batches = {
    get: async ({ name }: { name: string }) => {
      asked.push(name)
      return { name, ...(await get(name)) }
    },
  }
  const client = { ...world.client, batches } as never
  const service = world.start(PATH, { jobs: { client } })
  const handled: string[] = []
  const track = async (...names: string[]) => {
    for (const name of names) await service.jobs.track(name, { expectedMs: MINUTE_MS })
  }
  return { world, client, asked, handled, track, ...service }
}

const GOOD = Array.from({ length: 12 }, (_, index) => `batches/good-${index}`)

describe('one job', () => {
  test('whose look-ups hang keeps no other job waiting, nor close()', async () => {
    const { world, jobs, receiver, asked, handled, track, signals } = await createService((name) =>
      name.includes('hangs') ? never() : Promise.resolve(EXPIRED),
    )
    receiver.on('*', (event) => void handled.push(event.id!))
    await track('batches/hangs', ...GOOD)
    await world.advance(2 * MINUTE_MS, 10_000)
    expect(handled.sort()).toEqual([...GOOD].sort())
    expect(signals.filter(({ type }) => type === 'paused')).toEqual([])
    await world.advance(10 * MINUTE_MS)
    expect(asked.filter((name) => name === 'batches/hangs').length).toBeGreaterThan(1)
    await track('batches/hangs-too')
    await world.advance(90_000, 10_000)
    expect(asked).toContain('batches/hangs-too')
    await jobs.close()
  })

  test('whose handler hangs keeps no other job waiting, nor close()', async () => {
    const { world, jobs, receiver, handled, track } = await createService(async () => EXPIRED)
    receiver.on('*', async ({ id }) => {
      if (id!.includes('hangs')) await never()
      handled.push(id!)
    })
    await track(...[1, 2, 3].map((index) => `batches/hangs-${index}`), ...GOOD)
    await world.advance(MINUTE_MS + 10_000, 10_000)
    expect(handled.sort()).toEqual([...GOOD].sort())
    const closed = jobs.close()
    await world.clock.advance(10_000)
    await closed
  })

  test.each([400, 403, 409, 500])(
    'that the API answers with %d pauses no look-up of others',
    async (status) => {
      const { world, receiver, asked, handled, track, signals } = await createService((name) =>
        name.includes('refused') ? refuse(status)() : Promise.resolve(EXPIRED),
      )
      receiver.on('*', (event) => void handled.push(event.id!))
      await track('batches/refused')
      await world.advance(HOUR_MS)
      await track(...GOOD)
      await world.advance(2 * MINUTE_MS, 10_000)
      expect(handled.sort()).toEqual([...GOOD].sort())
      expect(signals.filter(({ type }) => type === 'paused')).toEqual([])
      expect(signals).toContainEqual({
        type: 'fault',
        job: 'batches/refused',
        error: expect.objectContaining({ code: 'result_unavailable', apiStatus: status }),
      })
      await world.advance(24 * HOUR_MS, HOUR_MS)
      expect(asked.filter((name) => name === 'batches/refused').length).toBeLessThan(20)
    },
  )
})

test('a refusal of every job pauses look-ups: the API key is wrong', async () => {
  const { world, jobs, asked, track, signals } = await createService(refuse(403))
  await track(...GOOD)
  await world.advance(3 * MINUTE_MS)
  expect(signals.some(({ type }) => type === 'paused')).toBe(true)
  expect(asked.length).toBeLessThan(GOOD.length)
  await world.advance(10 * MINUTE_MS)
  const { failed } = await jobs.reconcile()
  expect(failed).toHaveLength(GOOD.length)
})

test('a sweep checks the other jobs when the API refuses one', async () => {
  const { jobs, track } = await createService((name) =>
    name.includes('refused') ? refuse(403)() : Promise.resolve(EXPIRED),
  )
  await track('batches/refused', ...GOOD)
  const { unhandled, failed } = await jobs.reconcile()
  expect([unhandled.length, failed.map(({ job }) => job)]).toEqual([GOOD.length, ['batches/refused']])
})

test('a process without jobs of its own looks up those that an ended process has left', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const service = world.start(PATH, { ledger })
  const handled: string[] = []
  service.receiver.on('*', (event) => void handled.push(event.id!))
  await world.advance(MINUTE_MS)
  const script = world.start('/script', { ledger })
  const { name } = await script.jobs.track(world.createBatch('/nobody'), { expectedMs: 2 * MINUTE_MS })
  await script.jobs.close()
  await world.advance(15 * MINUTE_MS)
  expect(handled).toEqual([name])
})

test('close() removes what createJobs() put before the handlers', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const { jobs, receiver } = world.start(PATH, { ledger })
  await jobs.close()
  await receiver.emit({ type: 'batch.expired', data: { id: 'x' } }, { id: 'one' })
  expect(await ledger.find({ endpoint: 'default', id: 'batch/x' })).toBeUndefined()
})

test('jobs that were tracked while the clock was days ahead are looked up when it has been set right', async () => {
  const world = await createWorld()
  const { jobs, receiver } = world.start(PATH)
  const handled: string[] = []
  receiver.on('*', (event) => void handled.push(event.id!))
  world.clock.step(3 * 24 * HOUR_MS)
  const name = await jobs.track('batches/x', { expectedMs: HOUR_MS })
  world.client.batches.get = async () => ({ name, state: 'JOB_STATE_EXPIRED' }) as never
  world.clock.step(-3 * 24 * HOUR_MS)
  await world.advance(10 * MINUTE_MS)
  expect(handled).toEqual(['batches/x'])
})

test.each([5, -5])(
  'a clock that is wrong by %d days for an hour loses no job and handles none twice',
  async (days) => {
    const world = await createWorld({ jobs: { batchMs: 3 * HOUR_MS } })
    const { jobs, receiver } = world.start(PATH)
    const handled: string[] = []
    receiver.on('*', (event) => void handled.push(event.id!))
    world.state.receivers.delete(PATH)
    const before = await jobs.track(world.createBatch(PATH))
    world.clock.step(days * 24 * HOUR_MS)
    const during = await jobs.track(world.createBatch(PATH))
    await world.advance(HOUR_MS)
    await jobs.reconcile()
    world.clock.step(-days * 24 * HOUR_MS)
    await world.advance(14 * HOUR_MS, 10 * MINUTE_MS)
    expect(handled.sort()).toEqual([before.name, during.name].sort())
    expect(world.gets().length).toBeLessThan(25)
  },
)
