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
export { adapterContract } from './lib/adapter-contract.ts'
export { ContractViolation } from './lib/assert.ts'
export type { FakeClock } from './lib/fake-clock.ts'
export { createFakeClock } from './lib/fake-clock.ts'
export type { FixtureEvent, FixtureEventType } from './lib/fixture-events.ts'
export { FIXTURE_EVENTS } from './lib/fixture-events.ts'
export { freePort } from './lib/free-port.ts'
export { queueContract } from './lib/queue-contract.ts'
export type { QueueContract } from './lib/queue-scene.ts'
export { queueStorageContract } from './lib/queue-storage-contract.ts'
export type { QueueStorageContract } from './lib/queue-storage-scene.ts'
export { queuedDelivery } from './lib/queued-delivery.ts'
export type { RegisterTest } from './lib/register-test.ts'
export type { SignedDelivery, SignedDeliveryOptions } from './lib/signed-delivery.ts'
export { signedDelivery } from './lib/signed-delivery.ts'
export type { StoreContract } from './lib/store-contract.ts'
export { storeContract } from './lib/store-contract.ts'
