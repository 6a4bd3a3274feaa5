export { type Answer, answerFor } from './lib/answer.ts'
export type { JobAuthorization } from './lib/authorize.ts'
export { type BodyCollector, type BodyLimits, createBodyCollector, toRawBody } from './lib/body.ts'
export type { WebhookErrorCode } from './lib/errors.ts'
export {
  PermanentError,
  WebhookConfigError,
  WebhookError,
  WebhookPayloadError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './lib/errors.ts'
export { parseEvent } from './lib/event.ts'
export {
  EVENT_TYPES,
  type EventType,
  isEvent,
  type KnownEvent,
  type UnknownEvent,
  type WebhookEvent,
} from './lib/event-types.ts'
export { GOOGLE_JWKS_URL } from './lib/google.ts'
export type { HeadersLike } from './lib/headers.ts'
export type { Jwks } from './lib/jwks.ts'
export type { JwtOptions } from './lib/jwt-scheme.ts'
export type { JsonWebKeySet } from './lib/key-set.ts'
export type { IncomingDelivery } from './lib/line.ts'
export { createLogObserver } from './lib/log-observer.ts'
export { createMemoryQueue } from './lib/memory-queue.ts'
export { createMemoryStore } from './lib/memory-store.ts'
export type { DeliveryInfo, ReceiverObserver, ReceiverSignal } from './lib/observer.ts'
export { createReceiver, type Receiver, type ReceiverWorkOptions } from './lib/receiver.ts'
export type { ReceiverOptions } from './lib/receiver-options.ts'
export type { Refusal } from './lib/refusal.ts'
export type { EventFor, EventHandler, EventPattern, HandlerContext } from './lib/router.ts'
export type { VerifiedDelivery, VerifyOptions } from './lib/verify.ts'
export { verifyWebhook } from './lib/verify-webhook.ts'
