import { CLOCK_SLACK_MS, type SeenClock, seeClock } from '../shared/clock-agreement.ts'
import { wholeNumber } from '../shared/options.ts'
import { createExpiringKeys } from './expiring-keys.ts'
import type { ActiveClaim, IdempotencyStore, ReceiverStore } from './store.ts'

/** Options of `createMemoryStore`. */
export interface MemoryStoreOptions {
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
  /**
   * Most keys remembered. Default 100,000: the deliveries of 27 hours at one per second, in about 16 MB. Beyond that, the
   * key completed first is forgotten first, and its next retry counts as new; a key in progress is never forgotten.
   */
  maxKeys?: number
}

/** A claim that is not completed. */
interface OpenClaim {
  /** Its fencing token; empty once it is released. */
  token: string
  attempt: number
  leaseUntil: number
  expiresAt: number
}

const MAX_KEYS = 100_000

/**
 * Creates a store in memory, for a single process.
 *
 * After a restart a retried delivery counts as new. Processes do not share claims. A completed key takes less than 200
 * bytes.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): IdempotencyStore {
  const { claim, complete, release, close } = createImmediateStore(options)
  return {
    claim: async (...given) => claim(...given),
    complete: async (given) => complete(given),
    release: async (given) => release(given),
    async close() {
      await close?.()
    },
  }
}

/**
 * Like `createMemoryStore`, but without promises, which take longer than the store. For receivers without one.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createImmediateStore(options: MemoryStoreOptions): ReceiverStore {
  const { now = Date.now } = options
  const maxKeys = wholeNumber('maxKeys', options.maxKeys, MAX_KEYS)
  const open = new Map<string, OpenClaim>()
  // In order of completion. Apart from the open ones, because there are many more.
  const completed = createExpiringKeys()
  let claims = 0

  let seen: SeenClock | undefined
  let longestLeaseMs = 0

  const forgetExpired = (present: number) => {
    const look = seeClock(seen, present)
    seen = look.seen
    if (!look.agrees) return
    // Both stop at the first key that has not expired, because insertion order is close to expiry order.
    for (let first = completed.first(); first && first[1] <= present; first = completed.first()) {
      completed.delete(first[0])
    }
    if (open.size === 0) return
    for (const [key, { expiresAt }] of open) {
      if (expiresAt > present) break
      open.delete(key)
    }
  }
  const forgetExcess = () => {
    while (completed.size + open.size > maxKeys) {
      const oldest = completed.first()?.[0] ?? findReleased(open)
      if (oldest === undefined) return
      if (!completed.delete(oldest)) open.delete(oldest)
    }
  }
  // A lease that ends later than any possible lease was written before the clock was set back.
  const isHeld = ({ token, leaseUntil }: OpenClaim, present: number) =>
    token !== '' && leaseUntil > present && leaseUntil <= present + longestLeaseMs + CLOCK_SLACK_MS
  const held = ({ key, token }: ActiveClaim): OpenClaim | undefined => {
    const claim = open.get(key)
    return claim && claim.token !== '' && claim.token === token ? claim : undefined
  }

  return {
    claim(key, { leaseUntil, expiresAt }) {
      const present = now()
      forgetExpired(present)
      longestLeaseMs = Math.max(longestLeaseMs, leaseUntil - present)
      const doneUntil = completed.get(key)
      if (doneUntil !== undefined && doneUntil > present) return { status: 'completed' }
      const known = open.get(key)
      const last = known && known.expiresAt > present ? known : undefined
      if (last && isHeld(last, present)) return { status: 'in_progress', leaseUntil: last.leaseUntil }
      const attempt = (last?.attempt ?? 0) + 1
      const token = String(++claims)
      if (doneUntil !== undefined) completed.delete(key)
      open.set(key, { token, attempt, leaseUntil, expiresAt })
      forgetExcess()
      return { status: 'claimed', key, token, attempt }
    },
    complete(active) {
      const claim = held(active)
      if (!claim) return false
      open.delete(active.key)
      completed.add(active.key, claim.expiresAt)
      return true
    },
    release(active) {
      const claim = held(active)
      if (claim) claim.token = ''
      return claim !== undefined
    },
    async close() {
      open.clear()
      completed.clear()
    },
  }
}

/** A released key only counts the attempts of a delivery, so with nothing completed to forget it goes next. */
function findReleased(open: ReadonlyMap<string, OpenClaim>): string | undefined {
  for (const [key, { token }] of open) if (token === '') return key
  return undefined
}
