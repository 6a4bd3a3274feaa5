import type { DeadReason } from '../queue/delivery-record.ts'
import type { WebhookErrorCode } from '../shared/errors.ts'

/** Names one delivery in signals. */
export interface DeliveryInfo {
  /** `webhook-id`. */
  id: string
  scheme: 'static' | 'dynamic'
  keyId?: string
}

/** Something that happened in a receiver. `type` is stable; members may be added. */
export type ReceiverSignal =
  /** Verified, new, and durable (queue) or handled (inline). */
  | { type: 'accepted'; delivery: DeliveryInfo; key: string }
  | { type: 'duplicate'; delivery: DeliveryInfo; key: string }
  /** Inline: another attempt of it is being handled; the sender was told to come back. */
  | { type: 'in_flight'; delivery: DeliveryInfo; key: string }
  /** Not accepted. `raw_body_required`, a mistake in the mounting, comes once for each way to make it. */
  | { type: 'refused'; code: WebhookErrorCode; status: number; message: string }
  /** Every handler of the event has returned; inline maybe after its time, when `failed` was told before. */
  | { type: 'handled'; delivery: DeliveryInfo; key: string; eventType: string; attempt: number }
  /** A handler threw or took too long; the delivery will be tried again. */
  | { type: 'failed'; delivery: DeliveryInfo; key: string; attempt: number; error: unknown }
  /** Another worker has taken the delivery over; what this one did to it does not count. */
  | { type: 'lease_lost'; delivery: DeliveryInfo; key: string; attempt: number }
  /** Given up on. */
  | { type: 'dead'; delivery: DeliveryInfo; key: string; attempt: number; reason: DeadReason; error: unknown }
  /** A store, a queue or the receiver itself failed. */
  | { type: 'fault'; code: WebhookErrorCode; error: unknown }
  /** Genuine deliveries keep coming from outside the replay window; positive when our clock is ahead. */
  | { type: 'clock_skew_suspected'; seconds: number }
  /** The configuration works, but should be looked at. */
  | { type: 'warning'; code: string; message: string; error?: unknown }

/** Told of everything a receiver does: the place for logs and metrics. What it throws is ignored. */
export type ReceiverObserver = (signal: ReceiverSignal) => void
