import type { DeadReason } from '../queue/delivery-record.ts'
import type { WebhookErrorCode } from '../shared/errors.ts'
import type { ExplanationReason } from '../verify/explain.ts'
import type { UnverifiedInfo } from './unverified.ts'

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
  /** Verified, and accepted before. */
  | { type: 'duplicate'; delivery: DeliveryInfo; key: string }
  /** Inline: another attempt of it is being handled; the sender tries again later. */
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
  /** Every handler of the event has returned. Inline it may come after `failed`, if that was for its time. */
  | { type: 'handled'; delivery: DeliveryInfo; key: string; eventType: string; attempt: number }
  /** A handler threw or took too long; the delivery will be tried again. */
  | { type: 'failed'; delivery: DeliveryInfo; key: string; attempt: number; error: unknown }
  /** Another worker has taken over the delivery; what this one did with it does not count. */
  | { type: 'lease_lost'; delivery: DeliveryInfo; key: string; attempt: number }
  /** Dead-lettered: it is not tried again. */
  | { type: 'dead'; delivery: DeliveryInfo; key: string; attempt: number; reason: DeadReason; error: unknown }
  /** A store, a queue or the receiver itself failed. */
  | { type: 'fault'; code: WebhookErrorCode; error: unknown }
  /** Genuine deliveries keep arriving from outside the replay window; positive when our clock is ahead. */
  | { type: 'clock_skew_suspected'; seconds: number }
  /** The configuration works, but deserves a look. */
  | { type: 'warning'; code: string; message: string; error?: unknown }

/** Called for everything a receiver does: the place for logs and metrics. What it throws is ignored. */
export type ReceiverObserver = (signal: ReceiverSignal) => void
