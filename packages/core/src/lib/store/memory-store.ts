import { type SeenClock, seeClock } from '../shared/clock-agreement.ts'
import type { ActiveClaim, IdempotencyStore } from './store.ts'

interface ClaimRecord {
  state: 'in_progress' | 'released' | 'completed'
  token: number
  attempt: number
  leaseUntil: number
  expiresAt: number
}

const SLACK_MS = 60_000

/**
 * Creates a store in memory, for a single process.
 *
 * After a restart a retried delivery counts as new. Processes do not share claims.
 *
 * @param options.now The current time, in epoch milliseconds. Default `Date.now`
 */
export function createMemoryStore(options: { now?: () => number } = {}): IdempotencyStore {
  const { now = Date.now } = options
  const records = new Map<string, ClaimRecord>()
  let claims = 0

  let seen: SeenClock | undefined
  let longestLeaseMs = 0

  const forgetExpired = (present: number) => {
    const look = seeClock(seen, present)
    seen = look.seen
    if (!look.agrees) return
    // Stops at the first record that has not expired, because insertion order is close to expiry order.
    for (const [key, record] of records) {
      if (record.expiresAt > present) return
      records.delete(key)
    }
  }
  // A lease that ends later than any possible lease was written before the clock was set back.
  const isHeld = ({ leaseUntil }: ClaimRecord, present: number) =>
    leaseUntil > present && leaseUntil <= present + longestLeaseMs + SLACK_MS
  const held = ({ key, token }: ActiveClaim): ClaimRecord | undefined => {
    const record = records.get(key)
    return record?.state === 'in_progress' && String(record.token) === token ? record : undefined
  }
  const leave = (claim: ActiveClaim, state: ClaimRecord['state']): boolean => {
    const record = held(claim)
    if (record) record.state = state
    return record !== undefined
  }

  return {
    async claim(key, { leaseUntil, expiresAt }) {
      const present = now()
      forgetExpired(present)
      longestLeaseMs = Math.max(longestLeaseMs, leaseUntil - present)
      const known = records.get(key)
      const record = known && known.expiresAt > present ? known : undefined
      if (record?.state === 'completed') return { status: 'completed' }
      if (record?.state === 'in_progress' && isHeld(record, present)) {
        return { status: 'in_progress', leaseUntil: record.leaseUntil }
      }
      const attempt = (record?.attempt ?? 0) + 1
      const token = ++claims
      records.set(key, { state: 'in_progress', token, attempt, leaseUntil, expiresAt })
      return { status: 'claimed', key, token: String(token), attempt }
    },
    complete: async (claim) => leave(claim, 'completed'),
    release: async (claim) => leave(claim, 'released'),
    async close() {
      records.clear()
    },
  }
}
