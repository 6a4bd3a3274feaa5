import type { DeadReason } from '../queue/delivery-record.ts'
import type { WebhookErrorCode } from '../shared/errors.ts'
import type { ExplanationReason } from '../verify/explain.ts'
import type { UnverifiedInfo } from './unverified.ts'

/** Identifies a delivery in signals. */
export interface DeliveryInfo {
  /** `webhook-id`. */
  id: string
  /** How it was signed; `local` for an event of `Receiver.emit`. */
  scheme: 'static' | 'dynamic' | 'local'
  /** The secret or public key that matched, in its public short form. */
  keyId?: string
}

/** Something that happened in a receiver. `type` is stable; types and members may be added. */
export type ReceiverSignal =
  /** Verified, new, and durable (queue) or handled (inline). */
  | { type: 'accepted'; delivery: DeliveryInfo; key: string }
  /** Verified, but accepted before. */
  | { type: 'duplicate'; delivery: DeliveryInfo; key: string }
  /** Inline mode: another attempt is being handled, and the sender retries later. */
  | { type: 'in_flight'; delivery: DeliveryInfo; key: string }
  /** Not accepted. `raw_body_required`, a mistake in the mounting, is reported once per message. */
  | {
      type: 'refused'
      code: WebhookErrorCode
      status: number
      message: string
      unverified: UnverifiedInfo
    }
  /** With `explain: true`: why a delivery was probably refused, and which secrets were tried, in short form. */
  | {
      type: 'explained'
      unverified: UnverifiedInfo
      code: WebhookErrorCode
      reason: ExplanationReason
      message: string
      tried: readonly string[]
    }
  /** Every handler of the event has returned. In inline mode it may follow a `failed` with `handler_timeout`. */
  | { type: 'handled'; delivery: DeliveryInfo; key: string; eventType: string; attempt: number }
  /** Done, although no handler matches the event and there is no `onUnhandled`. */
  | { type: 'unhandled'; delivery: DeliveryInfo; key: string; eventType: string; attempt: number }
  /** A handler threw or timed out. The delivery will be tried again. */
  | { type: 'failed'; delivery: DeliveryInfo; key: string; attempt: number; error: unknown }
  /** Another worker has taken over the delivery; the result of this attempt is discarded. */
  | { type: 'lease_lost'; delivery: DeliveryInfo; key: string; attempt: number }
  /** The delivery became a dead letter and is not tried again. */
  | { type: 'dead'; delivery: DeliveryInfo; key: string; attempt: number; reason: DeadReason; error: unknown }
  /** A store, a queue or the receiver itself failed. */
  | { type: 'fault'; code: WebhookErrorCode; error: unknown }
  /** Genuine deliveries keep arriving outside the replay window. Positive if our clock is ahead. */
  | { type: 'clock_skew_suspected'; seconds: number }
  /** The configuration works, but has a problem. */
  | { type: 'warning'; code: string; message: string; error?: unknown }

/** Called for everything a receiver does, for logs and metrics. What it throws is ignored. */
export type ReceiverObserver = (signal: ReceiverSignal) => void
