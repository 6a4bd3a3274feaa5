/**
 * Signed deliveries, a clock for tests, and the contract suites of stores, queues and adapters.
 *
 * @module
 */

export { adapterContract } from './lib/adapter/adapter-contract.ts'
export type { AdapterContract, AdapterException } from './lib/adapter/contract.ts'
export { contractHandlers } from './lib/adapter/contract-handlers.ts'
export {
  CONTRACT_BODY_TIMEOUT_MS,
  CONTRACT_JOB_KEY,
  CONTRACT_PRIVATE_KEY,
  CONTRACT_SECRET,
  createContractReceiver,
} from './lib/adapter/contract-receiver.ts'
export { NODE_HTTP_EXCEPTIONS } from './lib/adapter/known-exceptions.ts'
export type { FakeClock } from './lib/fixtures/fake-clock.ts'
export { createFakeClock } from './lib/fixtures/fake-clock.ts'
export type { FixtureEvent, FixtureEventType } from './lib/fixtures/fixture-events.ts'
export { FIXTURE_EVENTS } from './lib/fixtures/fixture-events.ts'
export { queuedDelivery } from './lib/fixtures/queued-delivery.ts'
export type { EventLike, SignedDelivery, SignedDeliveryOptions } from './lib/fixtures/signed-delivery.ts'
export { signedDelivery } from './lib/fixtures/signed-delivery.ts'
export { queueContract } from './lib/queue/queue-contract.ts'
export type { QueueContract } from './lib/queue/queue-harness.ts'
export { queueStorageContract } from './lib/queue/queue-storage-contract.ts'
export type { QueueStorageContract } from './lib/queue/queue-storage-harness.ts'
export { ContractViolation } from './lib/shared/assert.ts'
export { freePort } from './lib/shared/free-port.ts'
export type { RegisterTest } from './lib/shared/register-test.ts'
export type { LedgerContract } from './lib/store/ledger-contract.ts'
export { ledgerContract } from './lib/store/ledger-contract.ts'
export type { StoreContract } from './lib/store/store-contract.ts'
export { storeContract } from './lib/store/store-contract.ts'
