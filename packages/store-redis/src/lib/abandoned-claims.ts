const MOST_KEYS = 10_000
const MOST_TOKENS_PER_KEY = 16

/** Claims that were never answered. Redis may hold them, but no handler runs under them. */
export interface AbandonedClaims {
  /** Remembers a token until its lease would have run out anyway. */
  add(key: string, token: string, leaseUntil: number, now: number): void
  /** The tokens that may be taken over, oldest first. */
  tokens(key: string): string[]
  /** Forgets a key's tokens, once one of them was replaced. */
  forget(key: string): void
}

/** Keeps abandoned claims in bounded memory. A claim it forgets only costs the wait for its lease. */
export function createAbandonedClaims(): AbandonedClaims {
  const claims = new Map<string, { tokens: string[]; leaseUntil: number }>()
  const makeRoom = (now: number) => {
    // Leases end roughly in insertion order, so checking the oldest entries is enough.
    for (const [key, { leaseUntil }] of claims) {
      if (leaseUntil > now && claims.size < MOST_KEYS) return
      claims.delete(key)
    }
  }
  return {
    add(key, token, leaseUntil, now) {
      const tokens = [...(claims.get(key)?.tokens ?? []), token].slice(-MOST_TOKENS_PER_KEY)
      claims.delete(key)
      makeRoom(now)
      claims.set(key, { tokens, leaseUntil })
    },
    tokens: (key) => claims.get(key)?.tokens ?? [],
    forget: (key) => {
      claims.delete(key)
    },
  }
}
