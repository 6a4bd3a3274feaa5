import { signDynamic, signStatic } from '@gwh/core/sign'
import type { AttemptSignature, DeliveryRequestCopy, SignatureEntry } from '@gwh/inspector/page'
import { planAttempt } from '../delivery/attempt-plan.ts'
import { type Delivery, registrationOf } from '../delivery/delivery.ts'
import { buildRequest, rewrite } from '../delivery/request.ts'
import { notFound } from '../http/body.ts'
import type { Attempt } from '../shared/types.ts'
import { liveSecrets, truncateSecret } from '../signing/secrets.ts'
import type { EmulatorState } from '../state/state.ts'

/** Explains step by step how an attempt was signed and what a receiver with the right keys makes of it. */
export async function explainSignature(
  state: EmulatorState,
  id: string,
  number: number,
): Promise<AttemptSignature> {
  const delivery = find(state, id)
  const attempt = delivery.attempts[number - 1]
  if (attempt === undefined) throw notFound(`Attempt ${number} of '${id}'`)
  const { headers } = attempt
  const timestamp = Number(headers?.['webhook-timestamp'] ?? 0)
  const ageSeconds = Math.floor(attempt.startedAt / 1000) - timestamp
  const sent = sentBody(delivery, attempt)
  const signed = { id, timestamp, body: delivery.body }
  const expected = await signatures(state, delivery, signed)
  // What a receiver computes: over the body that reaches it.
  const accepted =
    sent === undefined ? expected : await signatures(state, delivery, { ...signed, body: sent })
  const seen = (headers?.['webhook-signature'] ?? '')
    .split(' ')
    .filter((entry) => entry !== '')
    .map((entry) => compare(entry, expected, accepted))
  const isTimely = Math.abs(ageSeconds) <= TOLERANCE_SECONDS
  const outcome = { seen, sent, expected, isTimely, attempt }
  return {
    attempt: number,
    scheme: delivery.endpoint.scheme,
    ...(headers && { headers }),
    ...(sent !== undefined && { sentBody: sent }),
    signedContent: `${id}.${timestamp}.${delivery.body}`,
    expected,
    seen,
    ageSeconds,
    verdict: describe(outcome),
    isValid: isTimely && seen.some(({ matches }) => matches),
  }
}

/** A request for the delivery as an attempt would send it now, without faults. */
export async function signNow(state: EmulatorState, id: string): Promise<DeliveryRequestCopy> {
  const delivery = find(state, id)
  const endpoint = state.endpoints.find(delivery.endpoint)
  if (endpoint === undefined) throw notFound('The webhook of this delivery')
  const { headers } = await buildRequest(delivery, endpoint, state.clock.now(), planAttempt([]))
  return { uri: endpoint.uri, headers, body: delivery.body }
}

/** How far a receiver lets the time of a delivery be off, unless it says otherwise. */
const TOLERANCE_SECONDS = 300

interface Signature {
  readonly key: string
  readonly signature: string
}

interface Signed {
  readonly id: string
  readonly timestamp: number
  readonly body: string
}

function find({ sender }: EmulatorState, id: string): Delivery {
  const delivery = sender.stored.get(id)
  if (delivery === undefined) throw notFound(`Delivery '${id}'`)
  return delivery
}

/** The body as a fault changed it, or `undefined` when it is the one that was signed. */
function sentBody({ body }: Delivery, { faults = [] }: Attempt): string | undefined {
  const fault = faults.find((type) => type === 'tampered_body' || type === 'reserialized_body')
  return fault === undefined ? undefined : rewrite(body, fault)
}

/** What each key that a receiver may have now makes of the message. */
async function signatures(state: EmulatorState, delivery: Delivery, signed: Signed): Promise<Signature[]> {
  if (delivery.endpoint.scheme === 'dynamic') return dynamicSignatures(state, signed)
  const webhook = state.webhooks.get(registrationOf(delivery)!)
  const secrets = webhook === undefined ? [] : liveSecrets(webhook.secrets, state.clock.now())
  return Promise.all(
    secrets.map(async (secret) => ({
      key: truncateSecret(secret),
      signature: await signStatic({ ...signed, secrets: secret.value }),
    })),
  )
}

async function dynamicSignatures({ keys, settings }: EmulatorState, signed: Signed): Promise<Signature[]> {
  // A token has claims of its own: there is nothing to compute it from but itself.
  if (settings.signing === 'jwt') return []
  const published = await keys.published('Ed25519')
  return Promise.all(
    published.map(async ({ kid, privateKey }) => ({
      key: kid,
      signature: await signDynamic({ ...signed, privateKey }),
    })),
  )
}

function compare(
  entry: string,
  expected: readonly Signature[],
  accepted: readonly Signature[],
): SignatureEntry {
  const key = expected.find(({ signature }) => signature === entry)?.key
  const version = /^(v1a?),/.exec(entry)?.[1] ?? 'jwt'
  const matches = accepted.some(({ signature }) => signature === entry)
  return { version, seen: entry, matches, ...(key !== undefined && { key }) }
}

interface Findings {
  readonly seen: readonly SignatureEntry[]
  readonly sent: string | undefined
  readonly expected: readonly Signature[]
  readonly isTimely: boolean
  readonly attempt: Attempt
}

function describe({ seen, sent, expected, isTimely, attempt }: Findings): string {
  if (attempt.headers === undefined) return 'The headers of this attempt were not recorded.'
  if (seen.some(({ version }) => version === 'jwt')) {
    return 'The token is in the signature header; a receiver checks it against the JWKS, its audience and its times.'
  }
  if (seen.some(({ matches }) => matches)) {
    return isTimely
      ? 'A signature matches: a receiver with this key accepts the delivery.'
      : `A signature matches, but the timestamp is more than ${TOLERANCE_SECONDS} seconds off: a receiver refuses it as a replay.`
  }
  if (sent !== undefined && seen.some(({ key }) => key !== undefined)) {
    return 'The signature fits the body that was signed, not the one that was sent: the body was changed on its way.'
  }
  if (expected.length === 0)
    return 'The webhook was deleted, and its secrets with it: nothing can be compared.'
  return 'No current key makes this signature: it was damaged, or made with another key.'
}
