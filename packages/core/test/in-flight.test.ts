import { expect, test } from 'vitest'
import { createInFlight } from '../src/lib/queue/in-flight.ts'
import { guardLease } from '../src/lib/queue/lease-guard.ts'
import type { Settlement } from '../src/lib/queue/settlement.ts'
import { createFakeClock, settle } from './support.ts'

const LEASE_MS = 30_000

/** Registers a delivery whose renewals take effect at once, but are confirmed when the test says so. */
function setUp() {
  const clock = createFakeClock(0)
  const confirmations: (() => void)[] = []
  let leaseUntil = LEASE_MS
  const renew = () => {
    leaseUntil = clock.now() + LEASE_MS
    return new Promise<boolean>((resolve) => confirmations.push(() => resolve(true)))
  }
  const guard = guardLease({
    settlement: { renew } as unknown as Settlement,
    clock,
    lease: { key: 'key', token: 1 },
    leaseMs: LEASE_MS,
    handlerTimeoutMs: 1e9,
    stop: new AbortController().signal,
  })
  const inFlight = createInFlight()
  inFlight.add('key', guard)
  return { clock, confirmations, inFlight, leaseUntil: () => leaseUntil }
}

test('a lease is renewed again if the process was suspended while a renewal was under way', async () => {
  const { clock, confirmations, inFlight, leaseUntil } = setUp()
  await clock.advance(LEASE_MS / 3)
  expect(confirmations).toHaveLength(1)
  // Suspended: no timer fires.
  clock.step(2 * LEASE_MS)
  let refreshed = false
  const refreshing = inFlight.refresh().then(() => {
    refreshed = true
  })
  confirmations[0]!()
  await settle()
  expect([refreshed, leaseUntil()]).toEqual([false, clock.now() + LEASE_MS])
  confirmations[1]!()
  await refreshing
})

test('a lease that was renewed a moment ago is left alone', async () => {
  const { confirmations, inFlight } = setUp()
  await inFlight.refresh()
  expect(confirmations).toEqual([])
})
