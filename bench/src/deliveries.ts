import { createHmac, generateKeyPairSync, sign } from 'node:crypto'

export const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='

/** The current time, in unix seconds. A run may take longer than the replay window, so deliveries are signed when needed. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** A delivery as node:http delivers it. */
export interface Delivery {
  headers: Record<string, string>
  body: Buffer
}

/** A thin payload, padded with metadata to the wanted size. */
export function makeBody(bytes: number): Buffer {
  const event = {
    type: 'batch.succeeded',
    version: 'v1',
    timestamp: '2026-11-20T12:00:00Z',
    data: {
      id: 'batches/b0emu1ator2example3id4bare5opaque6xy',
      output_file_uri: 'files/batch-b0emu1ator2example3',
    },
    user_metadata: { job_group: 'nightly-eval' } as Record<string, string>,
  }
  for (let index = 0; JSON.stringify(event).length < bytes - 60; index++) {
    event.user_metadata[`key_${index}`] = `value number ${index} of some length`
  }
  const pad = bytes - JSON.stringify({ ...event, user_metadata: { ...event.user_metadata, pad: '' } }).length
  event.user_metadata.pad = 'x'.repeat(Math.max(0, pad))
  return Buffer.from(JSON.stringify(event))
}

export function signedStatic(body: Buffer, id = 'msg_3f0b6f0e-5b1f-4d0e-9f0a-2b1c7d9e8a11'): Delivery {
  const key = Buffer.from(SECRET.slice(6), 'base64')
  const timestamp = nowSeconds()
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { headers: toHeaders(id, `v1,${mac}`, timestamp), body }
}

export function toHeaders(id: string, signature: string, timestamp = nowSeconds()): Record<string, string> {
  return {
    host: 'example.com',
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature,
  }
}

const pairs = [0, 1, 2].map(() => generateKeyPairSync('ed25519'))

/** Three keys without a name; the last one signs. */
export const JWKS = {
  keys: pairs.map(
    ({ publicKey }) => publicKey.export({ format: 'jwk' }) as { kty: string; crv: string; x: string },
  ),
}
export const ED25519_PUBLIC = pairs[2]!.publicKey

export function signedDynamic(
  body: Buffer,
  id = 'msg_dynamic',
): Delivery & { message: Buffer; signature: Buffer } {
  const timestamp = nowSeconds()
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const signature = sign(null, message, pairs[2]!.privateKey)
  return {
    headers: toHeaders(id, `v1a,${signature.toString('base64')}`, timestamp),
    body,
    message,
    signature,
  }
}
