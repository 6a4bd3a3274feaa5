import type { Attempt, DeliverySnapshot, DeliveryState, Scheme } from '../shared/types.ts'

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
  | { readonly scheme: 'dynamic'; readonly uri: string }

/** Where a delivery goes at this moment, and how it is signed. */
export interface Endpoint {
  readonly uri: string
  sign(message: Message): Promise<string>
}

/** Finds an endpoint anew at every attempt, because URI and keys can change; none when its webhook was deleted. */
export type FindEndpoint = (ref: EndpointRef) => Endpoint | undefined

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
}

const USER_AGENT = 'gwh-emulator'

/** Builds the headers of an attempt, signed for the moment it started. */
export async function signedHeaders(
  delivery: Delivery,
  attempt: Attempt,
  endpoint: Endpoint,
): Promise<Record<string, string>> {
  // The attempt's own time: a day of retries could not pass a five-minute replay window with the event's.
  const timestamp = Math.floor(attempt.startedAt / 1000)
  const message = { id: delivery.id, timestamp, body: new TextEncoder().encode(delivery.body) }
  return {
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'accept-encoding': 'identity',
    // A fresh connection: a kept-alive one can die between two attempts and fail a good receiver.
    connection: 'close',
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': await endpoint.sign(message),
  }
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
