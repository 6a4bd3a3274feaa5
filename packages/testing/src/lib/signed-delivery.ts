import { WebhookConfigError } from '@gwh/core/errors'
import type { JsonWebKeyLike } from '@gwh/core/jwks'
import { type SigningKey, signDynamic, signStatic } from '@gwh/core/sign'
import { FIXTURE_EVENTS, type FixtureEvent } from './fixture-events.ts'

/** What to send and how to sign it. */
export interface SignedDeliveryOptions {
  /** The exact body; instead of `event`. */
  body?: Uint8Array | string
  /** The event to send as JSON. Default: a `batch.succeeded`. */
  event?: FixtureEvent
  /** Signs as a static webhook; several secrets make one signature each. */
  secret?: string | readonly string[]
  /** Signs as a dynamic webhook, with an Ed25519 key; instead of `secret`. */
  privateKey?: SigningKey | JsonWebKeyLike
  /** `webhook-id`. Default: a new one. */
  id?: string
  /** `webhook-timestamp` in unix seconds. Default: now. */
  timestamp?: number
}

/** A delivery as it arrives, ready for `receiver.receive` or a `Request`. */
export interface SignedDelivery {
  headers: Record<string, string>
  body: Uint8Array
}

/**
 * Signs a delivery the way Google does.
 *
 * @example
 * ```ts
 * const { headers, body } = await signedDelivery({ event: FIXTURE_EVENTS['video.generated'], secret })
 * const response = await receiver.fetch(new Request(url, { method: 'POST', headers, body }))
 * ```
 * @throws WebhookConfigError `option_invalid` unless exactly one of `secret` and `privateKey` is given
 */
export async function signedDelivery(options: SignedDeliveryOptions): Promise<SignedDelivery> {
  const {
    event = FIXTURE_EVENTS['batch.succeeded'],
    body = JSON.stringify(event),
    id = `msg_${crypto.randomUUID()}`,
    timestamp = Math.floor(Date.now() / 1000),
  } = options
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': await sign(options, { id, timestamp, body: bytes }),
    },
    body: bytes,
  }
}

function sign(
  { secret, privateKey }: SignedDeliveryOptions,
  message: { id: string; timestamp: number; body: Uint8Array },
): Promise<string> {
  if (secret !== undefined && privateKey === undefined) return signStatic({ ...message, secrets: secret })
  if (privateKey !== undefined && secret === undefined) return signDynamic({ ...message, privateKey })
  throw new WebhookConfigError('option_invalid', 'signedDelivery needs either a secret or a privateKey')
}
