import type { Clock } from '@gwh/core/queue'
import { createMemoryLedger, type JobLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { watch } from './outcomes.ts'
import { createWorld, HOUR_MS, MINUTE_MS } from './world.ts'

const PATH = '/hook'

/** A ledger that other processes share, and a connection to it that can break. */
function createBreakable() {
  const shared = createMemoryLedger()
  const state = { isUp: true }
  const breakable =
    (method: (...args: never[]) => unknown) =>
    async (...args: never[]) => {
      if (!state.isUp) throw new Error('no connection')
      return await method(...args)
    }
  const entries = Object.entries(shared).map(([name, method]) => [name, breakable(method)])
  return { shared, state, ledger: Object.fromEntries(entries) as JobLedger }
}

describe('an event that was handled while the ledger was away', () => {
  async function setUp() {
    const world = await createWorld()
    const { shared, state, ledger } = createBreakable()
    const leaseMs = 5 * MINUTE_MS
    const service = world.start(PATH, { ledger, jobs: { leaseMs } })
    const handled: string[] = []
    service.receiver.on('*', (_, { delivery }) => {
      handled.push(delivery.scheme)
      state.isUp = false
    })
    const batch = await service.jobs.track(world.createBatch(PATH), { expectedMs: 2 * MINUTE_MS })
    await world.advance(MINUTE_MS)
    expect(handled).toEqual(['dynamic'])
    /** A process that looks up jobs as soon as it starts. */
    const startOther = () => {
      const other = world.start('/other', { ledger: shared, jobs: { leaseMs } })
      other.receiver.on('*', (_, { delivery }) => void handled.push(`other ${delivery.scheme}`))
      return other
    }
    return { world, state, handled, batch, startOther, leaseMs, ...service }
  }

  test('is recorded when the ledger is back, so that no other process handles it', async () => {
    const { world, state, handled, startOther, leaseMs, signals } = await setUp()
    expect(signals).toMatchObject([{ type: 'fault', error: { message: 'no connection' } }])
    await world.advance(2 * leaseMs)
    state.isUp = true
    await world.advance(MINUTE_MS)
    const other = startOther()
    expect(await other.jobs.reconcile()).toMatchObject({ missed: [] })
    await world.advance(48 * HOUR_MS, HOUR_MS)
    expect(handled).toEqual(['dynamic'])
  })

  test('is not handled again by its own sweep before it is recorded', async () => {
    const { world, state, jobs, handled, leaseMs } = await setUp()
    await world.advance(2 * leaseMs)
    state.isUp = true
    expect(await jobs.reconcile()).toMatchObject({ checked: 1, missed: [] })
    expect(handled).toEqual(['dynamic'])
  })

  test('is not recorded after close', async () => {
    const { world, state, jobs, startOther, leaseMs, handled } = await setUp()
    await jobs.close()
    await world.advance(2 * leaseMs)
    state.isUp = true
    await world.advance(MINUTE_MS)
    expect(await startOther().jobs.reconcile()).toMatchObject({ missed: [expect.any(String)] })
    expect(handled).toEqual(['dynamic', 'other local'])
  })
})

test('an event whose handler still runs is not handled again when the wall clock steps forward', async () => {
  const world = await createWorld()
  const state = { aheadMs: 0 }
  const clock: Clock = { ...world.clock, now: () => world.clock.now() + state.aheadMs }
  const { jobs, receiver } = world.start(PATH, { jobs: { clock } })
  const { promise, resolve } = Promise.withResolvers<void>()
  let runs = 0
  receiver.on('*', async () => {
    runs++
    await promise
  })
  const batch = await jobs.track(world.createBatch(PATH))
  const delivered = world.advance(MINUTE_MS)
  await expect.poll(() => runs).toBe(1)
  state.aheadMs = 48 * HOUR_MS
  const swept = watch(jobs.reconcile())
  await expect.poll(() => swept.value).toMatchObject({ checked: 1, missed: [] })
  expect(runs).toBe(1)
  resolve()
  await delivered
  expect(await jobs.done(batch)).toMatchObject({ kind: 'batch' })
  expect(runs).toBe(1)
})
