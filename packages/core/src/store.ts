/**
 * The idempotency store: its interface, and one in memory.
 *
 * @module
 */

export { createMemoryStore } from './lib/store/memory-store.ts'
export type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from './lib/store/store.ts'
