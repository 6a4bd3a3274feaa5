import type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from '@gwh/core/store'
import { assertEqual, assertThat } from '../shared/assert.ts'
import type { RegisterTest } from '../shared/register-test.ts'

const START_MS = 1_795_000_000_000
const LEASE_MS = 60_000
const RETENTION_MS = 72 * 3_600_000

/** How the store contract creates the store it tests. */
export interface StoreContract {
  /** Makes an empty store that reads the time from `now` (epoch milliseconds); called once per test. */
  create(now: () => number): IdempotencyStore | Promise<IdempotencyStore>
  /**
   * Reopens what the last `create` made, after it was closed. Leave it out only for a store that
   * promises nothing beyond its own process; the rules on restarts are then skipped.
   */
  reopen?(now: () => number): IdempotencyStore | Promise<IdempotencyStore>
}

/**
 * Registers one test for each rule of the `IdempotencyStore` contract.
 *
 * @example
 * ```ts
 * storeContract(test, { create: (now) => createMemoryStore({ now }) })
 * ```
 */
export function storeContract(test: RegisterTest, contract: StoreContract): void {
  const define = (title: string, run: (harness: Harness) => Promise<void>) =>
    test(title, () => withHarness(contract, run))
  defineClaims(define)
  defineLeases(define)
  defineFencing(define)
  defineExpiry(define)
  if (contract.reopen) defineRestart(define)
}

type Define = (title: string, run: (harness: Harness) => Promise<void>) => void

interface Harness {
  store: IdempotencyStore
  now: () => number
  sleep(ms: number): void
  /** Deadlines from the current time of the harness. */
  deadlines(leaseMs?: number): ClaimDeadlines
  /** Claims a key; fails unless it gets it. */
  win(key: string): Promise<ActiveClaim>
  restart(): Promise<void>
}

async function withHarness(contract: StoreContract, run: (harness: Harness) => Promise<void>): Promise<void> {
  let now = START_MS
  const clock = () => now
  const harness: Harness = {
    store: await contract.create(clock),
    now: clock,
    sleep(ms) {
      now += ms
    },
    deadlines: (leaseMs = LEASE_MS) => ({ leaseUntil: now + leaseMs, expiresAt: now + RETENTION_MS }),
    win: async (key) => won(await harness.store.claim(key, harness.deadlines())),
    async restart() {
      await harness.store.close?.()
      harness.store = (await contract.reopen?.(clock)) ?? harness.store
    },
  }
  try {
    await run(harness)
  } finally {
    await harness.store.close?.()
  }
}

function won(claim: Claim): ActiveClaim {
  assertThat(claim.status === 'claimed', `the key could not be claimed: it is ${claim.status}`)
  return claim
}

function defineClaims(define: Define): void {
  define('an unclaimed key is claimed at the first attempt', async ({ win }) => {
    const claim = await win('a')
    assertEqual([claim.key, claim.attempt], ['a', 1], 'key and attempt')
  })

  define('a claim on a key in progress returns the end of its lease', async ({ store, win, deadlines }) => {
    const { leaseUntil } = deadlines()
    await win('a')
    assertEqual(await store.claim('a', deadlines()), { status: 'in_progress', leaseUntil }, 'second claim')
  })

  define('exactly one of 50 concurrent claims wins', async ({ store, deadlines }) => {
    const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim('a', deadlines())))
    assertEqual(claims.filter((claim) => claim.status === 'claimed').length, 1, 'winners')
  })

  define('claims on different keys do not affect each other', async ({ win }) => {
    const claims = await Promise.all(['a', 'b', 'A', 'a '].map(win))
    assertEqual(new Set(claims.map((claim) => claim.token)).size, 4, 'tokens')
  })

  define('a completed key stays completed', async ({ store, win, deadlines, sleep }) => {
    assertEqual(await store.complete(await win('a')), true, 'completion')
    sleep(RETENTION_MS - 1)
    assertEqual(await store.claim('a', deadlines()), { status: 'completed' }, 'claim after completion')
  })

  define('a released key can be claimed at once and its attempts keep counting', async ({ store, win }) => {
    assertEqual(await store.release(await win('a')), true, 'release')
    assertEqual((await win('a')).attempt, 2, 'attempt')
  })
}

function defineLeases(define: Define): void {
  define('a lease that has not run out yet cannot be claimed', async ({ store, win, deadlines, sleep }) => {
    await win('a')
    sleep(LEASE_MS - 1)
    assertEqual((await store.claim('a', deadlines())).status, 'in_progress', 'claim just before the end')
  })

  define('a lease that ran out can be claimed again', async ({ win, sleep }) => {
    const first = await win('a')
    sleep(LEASE_MS)
    const second = await win('a')
    assertEqual(second.attempt, 2, 'attempt')
    assertThat(second.token !== first.token, 'both claims have the same token')
  })

  define('a lease of zero length has already run out', async ({ store, win, deadlines }) => {
    await store.claim('a', deadlines(0))
    assertEqual((await win('a')).attempt, 2, 'attempt')
  })

  define('exactly one of 50 concurrent claims wins a lease that ran out', async (harness) => {
    await harness.win('a')
    harness.sleep(LEASE_MS)
    const rivals = Array.from({ length: 50 }, () => harness.store.claim('a', harness.deadlines()))
    const winners = (await Promise.all(rivals)).filter((claim) => claim.status === 'claimed')
    assertEqual(winners.length, 1, 'winners')
  })
}

function defineFencing(define: Define): void {
  define('the old owner cannot complete after losing its lease', async ({ store, win, sleep, deadlines }) => {
    const old = await win('a')
    sleep(LEASE_MS)
    await win('a')
    assertEqual(await store.complete(old), false, 'late completion')
    assertEqual((await store.claim('a', deadlines())).status, 'in_progress', 'state after it')
  })

  define('the old owner cannot release after losing its lease', async ({ store, win, sleep, deadlines }) => {
    const old = await win('a')
    sleep(LEASE_MS)
    await win('a')
    assertEqual(await store.release(old), false, 'late release')
    assertEqual((await store.claim('a', deadlines())).status, 'in_progress', 'state after it')
  })

  define('of 1,000 completions after a lost lease, none is accepted', async ({ store, win, sleep }) => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
    const old = await Promise.all(keys.map(win))
    sleep(LEASE_MS)
    await Promise.all(keys.map(win))
    const late = await Promise.all(old.map((claim) => store.complete(claim)))
    assertEqual(late.filter(Boolean).length, 0, 'accepted late completions')
  })

  define('the new owner can complete after the old one has tried', async ({ store, win, sleep }) => {
    const old = await win('a')
    sleep(LEASE_MS)
    const current = await win('a')
    await store.release(old)
    assertEqual(await store.complete(current), true, 'completion by the new owner')
  })

  define('a lease that ran out unclaimed can still be completed', async ({ store, win, sleep }) => {
    const claim = await win('a')
    sleep(LEASE_MS * 2)
    assertEqual(await store.complete(claim), true, 'completion')
  })

  define('a claim is settled only once', async ({ store, win, deadlines }) => {
    const completed = await win('a')
    await store.complete(completed)
    assertEqual(await store.complete(completed), false, 'second completion')
    assertEqual(await store.release(completed), false, 'release after completion')
    assertEqual(await store.claim('a', deadlines()), { status: 'completed' }, 'state')
    const released = await win('b')
    await store.release(released)
    assertEqual(await store.complete(released), false, 'completion after release')
  })
}

function defineExpiry(define: Define): void {
  define('a completed record that expired counts as absent', async ({ store, win, sleep }) => {
    await store.complete(await win('a'))
    sleep(RETENTION_MS)
    assertEqual((await win('a')).attempt, 1, 'attempt')
  })

  define('a record is kept until it expires, and not a moment longer', async ({ store, win, now, sleep }) => {
    const short = { leaseUntil: now(), expiresAt: now() + 5_000 }
    await store.complete(won(await store.claim('a', short)))
    await store.release(won(await store.claim('b', short)))
    sleep(4_999)
    assertEqual(await store.claim('a', short), { status: 'completed' }, 'claim before the end')
    sleep(1)
    assertEqual([(await win('a')).attempt, (await win('b')).attempt], [1, 1], 'attempts after the end')
  })

  define('each claim moves the expiry of the record', async ({ store, win, sleep, deadlines }) => {
    await store.release(await win('a'))
    sleep(RETENTION_MS - 1)
    await store.complete(await win('a'))
    sleep(RETENTION_MS - 1)
    assertEqual(await store.claim('a', deadlines()), { status: 'completed' }, 'claim')
  })
}

function defineRestart(define: Define): void {
  define('a completed key is completed after a restart', async (harness) => {
    await harness.store.complete(await harness.win('a'))
    await harness.restart()
    assertEqual(await harness.store.claim('a', harness.deadlines()), { status: 'completed' }, 'claim')
  })

  define('a lease outlives a restart and its owner can still complete', async (harness) => {
    const claim = await harness.win('a')
    await harness.restart()
    assertEqual(
      (await harness.store.claim('a', harness.deadlines())).status,
      'in_progress',
      'claim of another',
    )
    assertEqual(await harness.store.complete(claim), true, 'completion')
  })

  define('attempts keep counting after a restart', async (harness) => {
    await harness.store.release(await harness.win('a'))
    await harness.restart()
    assertEqual((await harness.win('a')).attempt, 2, 'attempt')
  })
}
