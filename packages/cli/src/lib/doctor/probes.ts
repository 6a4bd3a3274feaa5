import { signStatic } from '@gwh/core/sign'

/** One request to a receiver, and the answer that the README promises. */
export interface Probe {
  readonly check: string
  readonly expected: number
  /** What to do when the answer is another one. */
  readonly fix: string
  readonly request: Request
}

const SECOND_MS = 1_000
const STALE_SECONDS = 600
const OVER_LIMIT_BYTES = 1024 * 1024 + 1
const FOREIGN_SECRET = `whsec_${btoa('a secret that the receiver has not')}`

const ED25519_BYTES = 64
/** @see https://www.rfc-editor.org/rfc/rfc7518#section-3.6 */
const UNSIGNED_TOKEN = `${btoa('{"alg":"none"}')}.${btoa('{"aud":"gwh","exp":9999999999}')}.`.replaceAll(
  '=',
  '',
)

const encode = (text: string) => new TextEncoder().encode(text)
const event = (note: string) => ({ type: 'ping', data: {}, version: '1', note })

/** The body as a serialiser writes it, and one that a parser and a serialiser would change. */
const PLAIN = JSON.stringify(event('gwh doctor'))
const UNUSUAL = `{ "type":"ping", "data": {},\n\t"version":"1", "note":"\\u0067wh \\/ 1.0e1", "n": 1.0 }\n`
const NON_ASCII = JSON.stringify(event('gwh doctor: é € 🚀 e\u0301'))

/** The requests of a sender whose secret the receiver knows; the first is a plain ping. */
export async function signedProbes(url: string, secrets: string): Promise<[Probe, ...Probe[]]> {
  const ping = { secrets, body: encode(PLAIN) }
  const accepted = { expected: 200 }
  const id = newId()
  return [
    {
      ...accepted,
      check: 'a signed ping',
      fix: 'The receiver takes dynamic webhooks only (see `gwh trigger --dynamic`) or has another secret, or its clock or body is changed: see `gwh verify` with what it received.',
      request: await sign(url, { ...ping, id }),
    },
    {
      ...accepted,
      check: 'the same ping again',
      fix: 'A duplicate is to be acknowledged: otherwise the sender repeats it for 24 hours.',
      request: await sign(url, { ...ping, id }),
    },
    {
      ...accepted,
      check: 'unusual JSON, byte for byte',
      fix: 'Something in front parses the body and writes it anew. Mount the receiver before any body parser; have proxies pass bytes on.',
      request: await sign(url, { secrets, body: encode(UNUSUAL) }),
    },
    {
      ...accepted,
      check: 'text outside ASCII, byte for byte',
      fix: 'Something in front changes the encoding of the body. Read it as bytes, not as text of another character set.',
      request: await sign(url, { secrets, body: encode(NON_ASCII) }),
    },
    {
      check: 'a stale delivery',
      expected: 401,
      fix: 'Refuse deliveries sent more than 300 seconds ago: they may be replays.',
      request: await sign(url, { ...ping, timestamp: Math.floor(Date.now() / SECOND_MS) - STALE_SECONDS }),
    },
  ]
}

/** A ping of which the two requests are sent at the same moment. */
export async function pingTwice(url: string, secrets: string): Promise<[Request, Request]> {
  const ping = await sign(url, { secrets, body: encode(PLAIN) })
  return [ping.clone(), ping]
}

/** The requests that anybody can send. */
export async function unsignedProbes(url: string): Promise<Probe[]> {
  const forged = { secrets: FOREIGN_SECRET, body: encode(PLAIN) }
  const headerless = await sign(url, forged)
  headerless.headers.delete('webhook-id')
  const malformed = await sign(url, forged)
  malformed.headers.set('webhook-timestamp', 'now')
  const encoded = await sign(url, forged)
  encoded.headers.set('content-encoding', 'gzip')
  const elsewhere = new URL('/gwh-doctor/nobody-listens-here', url).href
  return [
    {
      check: 'a forged delivery',
      expected: 401,
      fix: 'Verify the signature before anything else.',
      request: await sign(url, forged),
    },
    {
      check: 'a forged dynamic delivery',
      expected: 401,
      fix: 'Verify v1a signatures with the public keys; refuse them in a receiver of static webhooks alone.',
      request: withSignature(await sign(url, forged), `v1a,${btoa('0'.repeat(ED25519_BYTES))}`),
    },
    {
      check: 'a token without a signature',
      expected: 401,
      fix: 'Accept tokens with the algorithm RS256 only, and only if you mean to.',
      request: withSignature(await sign(url, forged), UNSIGNED_TOKEN),
    },
    {
      check: 'a delivery without webhook-id',
      expected: 400,
      fix: 'Demand all three headers.',
      request: headerless,
    },
    {
      check: 'a malformed timestamp',
      expected: 400,
      fix: 'Accept digits only: others read as NaN, which passes comparisons.',
      request: malformed,
    },
    {
      check: 'a body over 1 MiB',
      expected: 413,
      fix: 'Limit the body before it is read, or strangers fill the memory.',
      request: await sign(url, { ...forged, body: new Uint8Array(OVER_LIMIT_BYTES) }),
    },
    {
      check: 'a body over 1 MiB of no announced length',
      expected: 413,
      fix: 'Count the bytes while they are read: a chunked body announces no length.',
      request: inChunks(await sign(url, { ...forged, body: new Uint8Array(OVER_LIMIT_BYTES) })),
    },
    {
      check: 'an encoded body',
      expected: 415,
      fix: 'Refuse content-encoding: the signature covers the bytes as sent.',
      request: encoded,
    },
    {
      check: 'a GET request',
      expected: 405,
      fix: 'Accept POST alone.',
      request: new Request(url, { redirect: 'manual' }),
    },
    {
      check: 'another path',
      expected: 404,
      fix: 'Answer 404 where nobody listens.',
      request: await sign(elsewhere, forged),
    },
  ]
}

interface Delivery {
  readonly secrets: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly id?: string
  readonly timestamp?: number
}

function withSignature(request: Request, signature: string): Request {
  request.headers.set('webhook-signature', signature)
  return request
}

function inChunks(request: Request): Request {
  const { headers, url, body } = request
  return new Request(url, {
    method: 'POST',
    headers,
    body,
    duplex: 'half',
    redirect: 'manual',
  } as RequestInit)
}

const newId = () => `msg_gwh_doctor_${crypto.randomUUID()}`

async function sign(url: string, delivery: Delivery): Promise<Request> {
  const { secrets, body, id = newId(), timestamp = Math.floor(Date.now() / SECOND_MS) } = delivery
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': await signStatic({ id, timestamp, body, secrets }),
  }
  return new Request(url, { method: 'POST', headers, body, redirect: 'manual' })
}
