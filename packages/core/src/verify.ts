/**
 * Verifies a delivery and nothing else: the smallest entry point.
 *
 * @module
 */

export type { HeadersLike } from './lib/http/headers.ts'
export { GOOGLE_JWKS_URL } from './lib/jwks/google.ts'
export type { WebhookErrorCode } from './lib/shared/errors.ts'
export { WebhookError, WebhookVerificationError } from './lib/shared/errors.ts'
export type { VerifiedDelivery, VerifyOptions } from './lib/verify/verify.ts'
export { verifyWebhook } from './lib/verify/verify-webhook.ts'
