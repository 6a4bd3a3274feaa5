export type { WebhookErrorCode } from './lib/errors.ts'
export {
  ERROR_STATUS,
  PermanentError,
  WebhookConfigError,
  WebhookError,
  WebhookPayloadError,
  WebhookRequestError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './lib/errors.ts'
