import type { ActiveClaim, IdempotencyStore } from './store.ts'

interface ClaimRecord {
  state: 'in_progress' | 'released' | 'completed'
  token: number
  attempt: number
  leaseUntil: number
  expiresAt: number
}

/**
 * A store in this process's memory: enough for one process that may forget when it restarts. After a
 * restart a retried delivery counts as new; several processes do not see each other's claims.
 *
 * @param options.now The present in epoch milliseconds. Default `Date.now`
 */
export function createMemoryStore(options: { now?: () => number } = {}): IdempotencyStore {
  const { now = Date.now } = options
  const records = new Map<string, ClaimRecord>()
  let claims = 0

  const forgetExpired = (present: number) => {
    // Amortised: every claim looks at the oldest records only, and insertion order is close to expiry order.
    for (const [key, record] of records) {
      if (record.expiresAt > present) return
      records.delete(key)
    }
  }
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
      const known = records.get(key)
      const record = known && known.expiresAt > present ? known : undefined
      if (record?.state === 'completed') return { status: 'completed' }
      if (record?.state === 'in_progress' && record.leaseUntil > present) {
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
