import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, expect, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connected, LIBRARIES } from './clients.ts'
import { eventually, NOW, PATIENCE_MS, RETENTION_MS } from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

const DAY_MS = 24 * 3_600_000

/** A store on a machine whose clock is off by `stepMs`, and one on a machine whose clock is right. */
function machines(stepMs: number) {
  const prefix = `${crypto.randomUUID()}:`
  const [wrong, right] = [NOW + stepMs, NOW].map((now, index) => {
    const client = connected(LIBRARIES[index]!, server.url)
    const store = createRedisStore({ client, prefix, now: () => now, commandTimeoutMs: PATIENCE_MS })
    const claim = (key: string, leaseMs: number) =>
      store.claim(key, { leaseUntil: now + leaseMs, expiresAt: now + RETENTION_MS })
    return { store, claim }
  })
  return { wrong: wrong!, right: right! }
}

describe.each([5 * DAY_MS, 31 * DAY_MS])('a claim of a machine whose clock is %i ms ahead', (stepMs) => {
  test('frees its key when its lease is over by the clock of Redis', async () => {
    const { wrong, right } = machines(stepMs)
    await wrong.claim('a', 200)
    await eventually(() => right.claim('a', 60_000)).toMatchObject({ status: 'claimed', attempt: 2 })
  })

  test('keeps its key until then, and says when that is', async () => {
    const { wrong, right } = machines(stepMs)
    await wrong.claim('a', 60_000)
    const claim = await right.claim('a', 60_000)
    const leaseUntil = claim.status === 'in_progress' ? claim.leaseUntil : Number.NaN
    expect(leaseUntil).toBeGreaterThan(NOW)
    expect(leaseUntil).toBeLessThanOrEqual(NOW + 60_000)
  })

  test('can be completed, and the key stays completed when the clock is right', async () => {
    const { wrong, right } = machines(stepMs)
    const claim = await wrong.claim('a', 60_000)
    expect(claim.status === 'claimed' && (await wrong.store.complete(claim))).toBe(true)
    expect(await right.claim('a', 60_000)).toEqual({ status: 'completed' })
  })

  test('cannot be settled once another machine has taken the key over', async () => {
    const { wrong, right } = machines(stepMs)
    const old = await wrong.claim('a', 1)
    await eventually(() => right.claim('a', 60_000)).toMatchObject({ status: 'claimed' })
    expect(old.status === 'claimed' && (await wrong.store.complete(old))).toBe(false)
  })
})

test.each([-5 * DAY_MS, -31 * DAY_MS])(
  'a claim of a machine whose clock is %i ms behind takes no key from the others',
  async (stepMs) => {
    const { wrong, right } = machines(stepMs)
    await right.claim('running', 60_000)
    const done = await right.claim('done', 60_000)
    if (done.status === 'claimed') await right.store.complete(done)
    expect(await wrong.claim('running', 60_000)).toMatchObject({ status: 'in_progress' })
    expect(await wrong.claim('done', 60_000)).toEqual({ status: 'completed' })
  },
)
