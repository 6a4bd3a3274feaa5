/**
 * Receives Gemini API webhooks: verifies, authorises, deduplicates and handles them.
 *
 * @module
 */

export { parseEvent } from './lib/events/event.ts'
export {
  EVENT_TYPES,
  type EventType,
  isEvent,
  type KnownEvent,
  type UnknownEvent,
  type WebhookEvent,
} from './lib/events/event-types.ts'
export type { WaitOptions } from './lib/handle/event-waiters.ts'
export type { Middleware } from './lib/handle/middleware.ts'
export type { EventFor, EventPattern, MetadataPattern, TypePattern } from './lib/handle/patterns.ts'
export type { EventHandler, HandlerContext } from './lib/handle/router.ts'
export { type Answer, answerFor } from './lib/http/answer.ts'
export { type BodyCollector, createBodyCollector, toRawBody } from './lib/http/body.ts'
export type { BodyLimits, BodyWatch } from './lib/http/body-limits.ts'
export type { HeadersLike } from './lib/http/headers.ts'
export type { IncomingDelivery } from './lib/http/incoming-delivery.ts'
export type { JobAuthorization } from './lib/jobs/authorize.ts'
export { GOOGLE_JWKS_URL } from './lib/jwks/google.ts'
export type { Jwks } from './lib/jwks/jwks.ts'
export type { JsonWebKeySet } from './lib/jwks/key-set.ts'
export { createLogObserver } from './lib/observe/log-observer.ts'
export type { DeliveryInfo, ReceiverObserver, ReceiverSignal } from './lib/observe/observer.ts'
export type { RefusedDelivery, SignatureKind, UnverifiedInfo } from './lib/observe/unverified.ts'
export { createMemoryQueue } from './lib/queue/memory-queue.ts'
export type { DeliveryQueue } from './lib/queue/queue.ts'
export type { EmitOptions, EmittedEvent } from './lib/receiver/emit.ts'
export type { CloseOptions } from './lib/receiver/lifecycle.ts'
export { createReceiver, type Receiver, type ReceiverWorkOptions } from './lib/receiver/receiver.ts'
export type { DynamicOptions, ReceiverOptions, StaticOptions } from './lib/receiver/receiver-options.ts'
export type { JwtOptions } from './lib/schemes/jwt-scheme.ts'
export type { SecretFormat, SecretSource, SecretTexts } from './lib/schemes/secrets.ts'
export type { WebhookErrorCode } from './lib/shared/errors.ts'
export {
  PermanentError,
  WebhookConfigError,
  WebhookError,
  WebhookPayloadError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './lib/shared/errors.ts'
export type { Refusal } from './lib/shared/refusal.ts'
export { createMemoryStore, type MemoryStoreOptions } from './lib/store/memory-store.ts'
export type { IdempotencyStore } from './lib/store/store.ts'
export { createVerifier, type Verifier } from './lib/verify/verifier.ts'
export type { DeliveryLike, VerifiedDelivery } from './lib/verify/verify.ts'
export type { VerifyOptions } from './lib/verify/verify-options.ts'
export { verifyWebhook } from './lib/verify/verify-webhook.ts'
