const MOST_KEYS = 10_000
const MOST_TOKENS_PER_KEY = 16

/** Claims whose answer never came: Redis may hold them, but nobody processes under them. */
export interface AbandonedClaims {
  /** Remembers a token until its lease would have run out anyway. */
  add(key: string, token: string, leaseUntil: number, now: number): void
  /** The tokens that may be taken over, oldest first. */
  tokens(key: string): string[]
  /** Forgets a key's tokens, once one of them was replaced. */
  forget(key: string): void
}

/** Keeps abandoned claims in bounded memory; what it forgets costs the wait for a lease, nothing else. */
export function createAbandonedClaims(): AbandonedClaims {
  const claims = new Map<string, { tokens: string[]; leaseUntil: number }>()
  const makeRoom = (now: number) => {
    // Insertion order is close to the order in which leases end, so the oldest entries are enough to look at.
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
