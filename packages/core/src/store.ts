export { createMemoryStore } from './lib/memory-store.ts'
export type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from './lib/store.ts'
