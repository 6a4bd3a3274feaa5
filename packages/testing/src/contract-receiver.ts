/**
 * The receiver that the adapter contract suite needs.
 *
 * @module
 */

export { contractHandlers } from './lib/adapter/contract-handlers.ts'
export {
  CONTRACT_BODY_TIMEOUT_MS,
  CONTRACT_JOB_KEY,
  CONTRACT_PRIVATE_KEY,
  CONTRACT_SECRET,
  createContractReceiver,
} from './lib/adapter/contract-receiver.ts'
