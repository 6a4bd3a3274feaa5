export type { WebhookErrorCode } from './lib/errors.ts'
export {
  ERROR_STATUS,
  PermanentError,
  WebhookConfigError,
  WebhookError,
  WebhookPayloadError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './lib/errors.ts'
