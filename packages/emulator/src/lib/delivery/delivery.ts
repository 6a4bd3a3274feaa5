import type { EventInput } from '../events/envelope.ts'
import type { Timer } from '../shared/clock.ts'
import type { Attempt, DeliverySnapshot, DeliveryState, Scheme } from '../shared/types.ts'

/** What is signed: the three parts of a delivery. */
export interface Message {
  readonly id: string
  /** Unix seconds. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/** Where deliveries go. Read at every attempt, because URI and keys can change in between. */
export interface Endpoint {
  readonly scheme: Scheme
  /** The registered webhook behind it, if any. */
  readonly registrationId?: string
  uri(): string
  sign(message: Message): Promise<string>
}

/** One event on its way to one endpoint. */
export interface Delivery {
  readonly webhookId: string
  readonly event: EventInput
  readonly body: Uint8Array<ArrayBuffer>
  readonly endpoint: Endpoint
  /** Epoch milliseconds of the emulator's clock. */
  readonly createdAt: number
  readonly attempts: Attempt[]
  state: DeliveryState
  /** The planned attempt, while there is one. */
  timer?: Timer | undefined
}

const USER_AGENT = 'gwh-emulator'

/** Builds the headers of an attempt, signed for the moment it started. */
export async function signedHeaders(delivery: Delivery, attempt: Attempt): Promise<Record<string, string>> {
  // The attempt's own time: a day of retries could not pass a five-minute replay window with the event's.
  const timestamp = Math.floor(attempt.startedAt / 1000)
  const message = { id: delivery.webhookId, timestamp, body: delivery.body }
  return {
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'accept-encoding': 'identity',
    // A fresh connection: a kept-alive one can die between two attempts and fail a good receiver.
    connection: 'close',
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': await delivery.endpoint.sign(message),
  }
}

/** The part of a delivery that never changes. */
export function identify({ webhookId, event, endpoint }: Delivery) {
  const jobId = event.jobId !== undefined && { jobId: event.jobId }
  return { webhookId, eventType: event.type, scheme: endpoint.scheme, ...jobId }
}

/** Copies what is known of a delivery at this moment. */
export function toSnapshot(delivery: Delivery): DeliverySnapshot {
  const { timer } = delivery
  return {
    ...identify(delivery),
    uri: delivery.endpoint.uri(),
    state: delivery.state,
    createdAt: delivery.createdAt,
    ...(timer !== undefined && { nextAttemptAt: timer.at }),
    body: new TextDecoder().decode(delivery.body),
    attempts: delivery.attempts.map((attempt) => ({ ...attempt })),
  }
}
