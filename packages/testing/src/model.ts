/**
 * Model-based tests of queues, on fast-check.
 *
 * @module
 */

export { queueStorageModel } from './lib/queue/queue-model.ts'
export { type ModelOptions, storeModel } from './lib/store/store-model.ts'
