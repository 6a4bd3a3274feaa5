/**
 * The errors and their stable codes.
 *
 * @module
 */

export { toCause } from './lib/shared/cause.ts'
export type { WebhookErrorCode } from './lib/shared/errors.ts'
export {
  ERROR_STATUS,
  PermanentError,
  WebhookConfigError,
  WebhookError,
  WebhookPayloadError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './lib/shared/errors.ts'
export { isInstance } from './lib/shared/thrown.ts'
