export { queueStorageModel } from './lib/queue-model.ts'
export { type ModelOptions, storeModel } from './lib/store-model.ts'
