/**
 * Verifies a delivery and nothing else: the smallest entry point.
 *
 * @module
 */

export type { HeadersLike } from './lib/http/headers.ts'
export { GOOGLE_JWKS_URL } from './lib/jwks/google.ts'
export type { WebhookErrorCode } from './lib/shared/errors.ts'
export { WebhookError, WebhookVerificationError } from './lib/shared/errors.ts'
export type { Refusal } from './lib/shared/refusal.ts'
export { createVerifier, type Verifier } from './lib/verify/verifier.ts'
export type { DeliveryLike, VerifiedDelivery } from './lib/verify/verify.ts'
export type { VerifyOptions } from './lib/verify/verify-options.ts'
export { verifyWebhook } from './lib/verify/verify-webhook.ts'
