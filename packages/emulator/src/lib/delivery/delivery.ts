import type { DynamicExtras, EventInput } from '../events/envelope.ts'
import type { DeliveryFault, DeliveryTrouble } from '../shared/fault-types.ts'
import { newWebhookId } from '../shared/ids.ts'
import type { Scheme } from '../shared/scheme.ts'
import type { Attempt, DeliverySnapshot, DeliveryState } from '../shared/types.ts'

/** What is signed: the three parts of a delivery. */
export interface Message {
  readonly id: string
  /** Unix seconds. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/** Names where a delivery goes: to a registered webhook, or to a URI of the job's own. */
export type EndpointRef =
  | { readonly scheme: 'static'; readonly registrationId: string; readonly uri: string }
  | ({ readonly scheme: 'dynamic'; readonly uri: string } & DynamicExtras)

/** Where a delivery goes at this moment, and how it is signed. */
export interface Endpoint {
  readonly uri: string
  /** Makes the `webhook-signature` header; `unknown` stands for a key that no receiver can have. */
  sign(message: Message, key: 'own' | 'unknown'): Promise<string>
}

/** Knows where deliveries go. */
export interface Endpoints {
  /** Finds an endpoint anew at every attempt, because URI and keys can change; none when its webhook was deleted. */
  find(ref: EndpointRef): Endpoint | undefined
  /** Takes note of how a delivery ended; returns whether its webhook was switched off for it. */
  ended(ref: EndpointRef, end: DeliveryEnd): boolean
}

/** How a delivery ended; `gone` is a 410 that the profile takes at its word. */
export type DeliveryEnd = 'acked' | 'exhausted' | 'gone'

/** One event on its way to one endpoint, as it is stored. */
export interface Delivery {
  /** The `webhook-id`. */
  readonly id: string
  readonly eventType: string
  /** The job the event is about, when it is about one. */
  readonly jobId?: string
  readonly body: string
  /** Its `uri` is that of the last attempt, or of the beginning. */
  readonly endpoint: EndpointRef
  /** Epoch milliseconds of the emulator's clock. */
  readonly createdAt: number
  readonly state: DeliveryState
  readonly attempts: readonly Attempt[]
  /** When the planned attempt starts; absent while one runs and at the end. */
  readonly nextAttemptAt?: number | undefined
  /** When it was last sent again on request, in epoch milliseconds. */
  readonly redeliveredAt?: number
  /** The attempt that was held back last, and the faults that did it: once per attempt is enough. */
  readonly heldBack?: { readonly attempt: number; readonly by: readonly DeliveryFault['type'][] }
  /** What goes wrong with it, from its job's scenario. */
  readonly trouble?: DeliveryTrouble
}

/** Makes the record of an event that goes to an endpoint, nothing of it sent yet. */
export function newDelivery(
  { type: eventType, jobId, trouble }: EventInput,
  body: string,
  endpoint: EndpointRef,
  createdAt: number,
): Delivery {
  const about = { id: newWebhookId(), eventType, ...(jobId !== undefined && { jobId }) }
  const start = { body, endpoint, createdAt, attempts: [], state: 'pending' } as const
  return { ...about, ...start, ...(trouble && { trouble }) }
}

/** The part of a delivery that never changes. */
export function identify({ id, eventType, jobId, endpoint }: Delivery): {
  webhookId: string
  eventType: string
  scheme: Scheme
  jobId?: string
} {
  return { webhookId: id, eventType, scheme: endpoint.scheme, ...(jobId !== undefined && { jobId }) }
}

/** The registered webhook a delivery goes to; none for a job's own URI. */
export function registrationOf({ endpoint }: Delivery): string | undefined {
  return endpoint.scheme === 'static' ? endpoint.registrationId : undefined
}

/** Copies what is known of a delivery at this moment; `uri` is where it goes now. */
export function toSnapshot(delivery: Delivery, uri: string): DeliverySnapshot {
  const { state, createdAt, nextAttemptAt, body, attempts } = delivery
  return {
    ...identify(delivery),
    uri,
    state,
    createdAt,
    ...(nextAttemptAt !== undefined && { nextAttemptAt }),
    body,
    attempts: attempts.map((attempt) => ({ ...attempt })),
  }
}
