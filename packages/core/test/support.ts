import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Receiver, ReceiverOptions, ReceiverSignal } from '@gwh/core'
import { createReceiver, WebhookError } from '@gwh/core'
// By its path, because `@gwh/testing` depends on core: as a dependency it would make a cycle.
import {
  type FakeClock,
  createFakeClock as startFakeClock,
} from '../../testing/src/lib/fixtures/fake-clock.ts'
import vectors from './vectors.json' with { type: 'json' }

export { type FakeClock, vectors }

/** The current time in every test, in unix seconds and in epoch milliseconds. */
export const NOW_SECONDS = Number(vectors.timestamp)
export const NOW = NOW_SECONDS * 1000

export const SECRET = vectors.v1.secret
export const OTHER_SECRET = `whsec_${Buffer.from('another secret of thirty-two byt').toString('base64')}`
export const JOB_KEY = 'a job key of more than thirty-two characters'

/** The key set of the vectors, and the private keys to it in the same order. */
export const JWKS = vectors.v1a.jwks
export const PRIVATE_KEYS = vectors.v1a.privateSeedsHex.map(privateKeyFromSeed)

export const ID = vectors.id
export const EVENT = {
  type: 'batch.succeeded',
  data: { id: 'batches/one', output_file_uri: 'files/batch-one' },
}

export interface Message {
  id: string
  /** The header text: tests also sign texts that are not numbers. */
  timestamp: string
  body: Uint8Array
}

/** What tests pass: headers as a plain object, the body as bytes. */
export interface Delivery {
  headers: Record<string, string>
  body: Uint8Array
}

export interface DeliveryParts {
  id?: string
  timestamp?: string | number
  body?: Uint8Array | string | object
}

export function toMessage({ id = ID, timestamp = NOW_SECONDS, body = EVENT }: DeliveryParts = {}): Message {
  return { id, timestamp: String(timestamp), body: toBytes(body) }
}

export function toBytes(body: Uint8Array | string | object): Uint8Array {
  if (body instanceof Uint8Array) return body
  return new Uint8Array(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
}

/** Signs the way the specification says, without the code under test. */
export function hmacOf({ id, timestamp, body }: Message, key: Uint8Array): string {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
}

export function signV1(message: Message, secret: string = SECRET): string {
  return `v1,${hmacOf(message, Buffer.from(secret.slice('whsec_'.length), 'base64'))}`
}

export function signV1a({ id, timestamp, body }: Message, key: KeyObject = PRIVATE_KEYS[0]!): string {
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  return `v1a,${sign(null, content, key).toString('base64')}`
}

export function toHeaders({ id, timestamp }: Message, signature: string): Record<string, string> {
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

/** A delivery as a static webhook sends it. */
export function staticDelivery(parts: DeliveryParts = {}, secret?: string): Delivery {
  const message = toMessage(parts)
  return { headers: toHeaders(message, signV1(message, secret)), body: message.body }
}

/** A delivery as a dynamic webhook sends it. */
export function dynamicDelivery(parts: DeliveryParts = {}, key?: KeyObject): Delivery {
  const message = toMessage(parts)
  return { headers: toHeaders(message, signV1a(message, key)), body: message.body }
}

export function toRequest({ headers, body }: Delivery, init: RequestInit = {}): Request {
  return new Request('https://example.test/hook', {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
    ...init,
  })
}

/** The code a promise rejects with; fails the test if it does not reject with a `WebhookError`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (reason: unknown) => reason,
  )
  if (error instanceof WebhookError) return error.code
  throw error
}

export function toJwk(key: KeyObject): Record<string, unknown> {
  return { ...key.export({ format: 'jwk' }) }
}

/** A receiver whose signals are kept. */
export function createWatched(options: Partial<ReceiverOptions> = {}): {
  receiver: Receiver
  signals: ReceiverSignal[]
} {
  const signals: ReceiverSignal[] = []
  const receiver = createReceiver({
    static: { secrets: SECRET },
    now: () => NOW,
    observer: (signal) => signals.push(signal),
    ...options,
  })
  return { receiver, signals }
}

/** A fake clock that starts at `NOW`. */
export function createFakeClock(startMs: number = NOW): FakeClock {
  return startFakeClock(startMs)
}

/** Runs everything that waits only for its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await setImmediate()
}

function privateKeyFromSeed(seedHex: string): KeyObject {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(seedHex, 'hex'),
  ])
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
}
