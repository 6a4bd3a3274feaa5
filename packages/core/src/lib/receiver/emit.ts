import { primitives } from '#crypto'
import { parseEvent } from '../events/event.ts'
import type { Sink } from '../handle/sink.ts'
import type { Answer } from '../http/answer.ts'
import { toUtf8 } from '../shared/bytes.ts'
import { ERROR_STATUS, WebhookError, type WebhookErrorCode } from '../shared/errors.ts'
import { checkNames, invalid } from '../shared/options.ts'

/** An event that you create yourself, in the form in which Google sends it. */
export interface EmittedEvent {
  /** The event type, `batch.succeeded` for instance. */
  type: string
  /** The `data` of the event, with the job's `id`. */
  data: Readonly<Record<string, unknown>>
  /** The metadata of the job. Default: none. */
  userMetadata?: Readonly<Record<string, unknown>>
  /** When it happened, in RFC 3339 format. Default: now. */
  timestamp?: string
}

/** Options of `Receiver.emit`. */
export interface EmitOptions {
  /** Identifies the event. An id that was emitted before is a duplicate, and its handlers do not run again. */
  id: string
}

/**
 * Passes an event of our own through the store or the queue to the handlers, like a delivery.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookPayloadError `payload_invalid` if it is not an event
 * @throws WebhookError What `Receiver.emit` documents: it was not handled, or not stored
 */
export async function emitEvent(
  event: EmittedEvent,
  options: EmitOptions,
  { sink, endpoint, now }: { sink: Sink; endpoint: string; now: () => number },
): Promise<'accepted' | 'duplicate'> {
  checkNames(options, ['id'], 'emit()')
  const { id } = options
  if (typeof id !== 'string' || id === '' || id.length > 256) {
    throw invalid('the id of an emitted event must be a string of 1 to 256 characters')
  }
  const body = toBody(event, now())
  const timestamp = Math.floor(now() / 1000)
  // `local` separates the key from those of deliveries, whose ids come from the sender.
  const key = await primitives.sha256Hex(`${endpoint}\0local ${id}`)
  return toOutcome(await sink({ id, timestamp, scheme: 'local', body }, key))
}

function toBody(event: EmittedEvent, now: number): Uint8Array {
  checkNames(event, ['type', 'data', 'userMetadata', 'timestamp'], 'an emitted event')
  const { type, data, userMetadata, timestamp = new Date(now).toISOString() } = event
  const text = JSON.stringify({ type, version: 'v1', timestamp, data, user_metadata: userMetadata })
  // Refuses an event that no handler could receive.
  parseEvent(text)
  return toUtf8(text)
}

function toOutcome({ status, body }: Answer): 'accepted' | 'duplicate' {
  const { status: outcome, error } = JSON.parse(body) as { status?: string; error?: string }
  if (status === 200) return outcome === 'duplicate' ? 'duplicate' : 'accepted'
  const code = (error !== undefined && error in ERROR_STATUS ? error : 'internal') as WebhookErrorCode
  throw new WebhookError(code, `the event was not handled: ${code}`)
}
