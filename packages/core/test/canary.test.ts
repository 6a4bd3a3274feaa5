import { inspect } from 'node:util'
import {
  createMemoryQueue,
  createReceiver,
  type ReceiverOptions,
  type ReceiverSignal,
  verifyWebhook,
} from '@gwh/core'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { createJwks } from '@gwh/core/jwks'
import { signDynamic, signStatic } from '@gwh/core/sign'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type Delivery,
  dynamicDelivery,
  JWKS,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  PRIVATE_KEYS,
  signV1,
  staticDelivery,
  toHeaders,
  toJwk,
  toMessage,
  toRequest,
} from './support.ts'

// The last four characters of a secret are its public short form, so the canary ends before them.
const SECRET_CANARY = 'CanarySecretCanarySecretCanarySecret'
const SECRET = `whsec_${SECRET_CANARY}abcd`
const JOB_KEY = 'canary-job-key-canary-job-key-canary'
const PAYLOAD_CANARY = 'canary-payload'
const TOKEN = await createJobToken({ jobKey: JOB_KEY, now: () => NOW })
const CANARIES = [
  SECRET_CANARY,
  Buffer.from(SECRET_CANARY, 'base64').toString('hex').slice(0, 40),
  JOB_KEY,
  PAYLOAD_CANARY,
  TOKEN,
  TOKEN.split('.')[3]!,
]

const event = (more: object = {}) => ({
  type: 'batch.succeeded',
  data: { id: 'batches/one', note: PAYLOAD_CANARY },
  user_metadata: { [JOB_TOKEN_FIELD]: TOKEN, note: PAYLOAD_CANARY },
  ...more,
})

const console_ = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
const written: unknown[] = []
beforeEach(() => {
  written.length = 0
  for (const name of console_)
    vi.spyOn(console, name).mockImplementation((...texts) => void written.push(texts))
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(text) > 0)
  }
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Everything a value shows when it is logged in any of the usual ways, its causes included. */
function shown(value: unknown): string {
  const error = value instanceof Error ? [value.message, value.stack, String(value), shown(value.cause)] : []
  const json = JSON.stringify(value, (_, member) => (member instanceof Error ? { ...member } : member))
  return [json, inspect(value, { depth: 20, showHidden: true, maxStringLength: null }), ...error].join('\n')
}

function expectNoCanary(value: unknown): void {
  const text = shown(value)
  for (const canary of CANARIES)
    expect(text.includes(canary), `${canary} in ${text.slice(0, 2000)}`).toBe(false)
}

const message = toMessage({ body: event() })
const stolen = (signature: string): Delivery => ({
  headers: toHeaders(message, signature),
  body: message.body,
})
const good = (id: string, more?: object) => staticDelivery({ id, body: event(more) }, SECRET)

// Every kind of ending a delivery can have.
const DELIVERIES: Record<string, Delivery> = {
  accepted: good('accepted'),
  'accepted dynamic': dynamicDelivery({ id: 'dynamic', body: event() }),
  duplicate: good('accepted'),
  unhandled: good('unhandled', { type: 'ping' }),
  failing: good('failing', { type: 'batch.failed' }),
  permanent: good('permanent', { type: 'batch.expired' }),
  'not JSON': staticDelivery({ id: 'text', body: `${PAYLOAD_CANARY} ${TOKEN}` }, SECRET),
  'cut JSON': staticDelivery({ id: 'cut', body: JSON.stringify(event()).slice(0, -1) }, SECRET),
  'no envelope': staticDelivery({ id: 'bare', body: { [PAYLOAD_CANARY]: PAYLOAD_CANARY } }, SECRET),
  'repeated key': staticDelivery(
    { id: 'twice', body: `{"${PAYLOAD_CANARY}":1,"${PAYLOAD_CANARY}":2}` },
    SECRET,
  ),
  'wrong secret': staticDelivery({ body: event() }, OTHER_SECRET),
  'cut signature': stolen(signV1(message, SECRET).slice(0, -2)),
  'unknown scheme': stolen(`v9,${PAYLOAD_CANARY}`),
  'secret for a signature': stolen(`v1,${SECRET}`),
  'secret for a tag': stolen(SECRET),
  'token for a jwt': stolen(`ey${TOKEN}`),
  'secret for an id': { headers: toHeaders({ ...message, id: `.${SECRET}` }, 'v1,x'), body: message.body },
  'secret for a timestamp': {
    headers: toHeaders({ ...message, timestamp: SECRET }, 'v1,x'),
    body: message.body,
  },
  old: staticDelivery({ timestamp: NOW_SECONDS - 900, body: event() }, SECRET),
  'job of others': dynamicDelivery({
    id: 'others',
    body: event({ user_metadata: { [JOB_TOKEN_FIELD]: `${TOKEN}x` } }),
  }),
  'too large': staticDelivery({ body: event({ pad: 'x'.repeat(5000) }) }, SECRET),
}

const OPTIONS: ReceiverOptions = {
  static: { secrets: [`${SECRET}\n`, OTHER_SECRET.replace('whsec_', 'whsec_AAAA')] },
  dynamic: { jobKey: JOB_KEY, jwks: JWKS },
  maxBodyBytes: 4096,
  now: () => NOW,
}
const down = () => Promise.reject(new Error('down'))
const failingStore = { claim: down, complete: down, release: down }

const RECEIVERS: Record<string, Partial<ReceiverOptions>> = {
  'in inline mode': {},
  'in queue mode': { queue: createMemoryQueue() },
  'with a store that fails': { store: failingStore },
  'with keys that cannot be fetched': {
    dynamic: { jobKey: JOB_KEY, jwks: createJwks('https://keys.example', { fetch: down }) },
  },
}

describe.each(Object.entries(RECEIVERS))(
  'a receiver %s shows no secret, key, token or payload',
  (_, options) => {
    const signals: ReceiverSignal[] = []
    const receiver = createReceiver({ ...OPTIONS, ...options, observer: (signal) => signals.push(signal) })
      .on('batch.succeeded', () => {})
      .on('batch.failed', () => Promise.reject(new Error('handler')))
      .on('batch.expired', () => Promise.reject(new TypeError('handler')))

    test.each(Object.entries(DELIVERIES))('%s', async (_, delivery) => {
      signals.length = 0
      const answer = await receiver.receive(delivery)
      const response = await receiver.fetch(toRequest(delivery))
      if (options.queue) await receiver.drain({ maxAttempts: 1 })
      expectNoCanary([answer, await response.text(), [...response.headers], signals, written, receiver])
      for (const signal of signals) if ('error' in signal) expectNoCanary(signal.error)
      expect(written).toEqual([])
    })
  },
)

test('the deliveries above do end in every intended way', async () => {
  const codes = new Set<string>()
  const observer = (signal: ReceiverSignal) => codes.add('code' in signal ? signal.code : signal.type)
  const receiver = createReceiver({ ...OPTIONS, observer }).on('batch.failed', () =>
    Promise.reject(new Error()),
  )
  for (const delivery of Object.values(DELIVERIES)) await receiver.receive(delivery)
  expect([...codes]).toEqual(
    expect.arrayContaining([
      'accepted',
      'duplicate',
      'unhandled',
      'failed',
      'dead',
      'secret_trimmed',
      'signature_invalid',
      'scheme_unsupported',
      'id_malformed',
      'timestamp_malformed',
      'timestamp_too_old',
      'job_unknown',
      'body_too_large',
    ]),
  )
})

test('the search finds a canary in every form', () => {
  for (const leak of [
    new Error(`bad ${SECRET}`),
    new Error('outer', { cause: new Error(PAYLOAD_CANARY) }),
    { deep: [{ er: { token: TOKEN } }] },
    Object.defineProperty({}, 'hidden', { value: JOB_KEY, enumerable: false }),
    new Map([['key', SECRET]]),
  ]) {
    expect(() => expectNoCanary(leak)).toThrow()
  }
})

describe('errors thrown to callers show none either', () => {
  const attempts: Record<string, () => Promise<unknown>> = {
    ...Object.fromEntries(
      Object.entries(DELIVERIES).map(([name, delivery]) => [
        `verifyWebhook: ${name}`,
        () => verifyWebhook(delivery, { secrets: SECRET, jwks: JWKS, now: () => NOW }).then(() => undefined),
      ]),
    ),
    'secret without prefix': async () => createReceiver({ static: { secrets: SECRET_CANARY } }),
    'secret in url-safe base64': async () => createReceiver({ static: { secrets: `${SECRET}-_` } }),
    'secret that is short': async () => createReceiver({ static: { secrets: 'whsec_Canary==' } }),
    'secret to sign with': () =>
      signStatic({ id: 'x', timestamp: 1, body: PAYLOAD_CANARY, secrets: `${SECRET}!` }),
    'job key that is short': () => createJobToken({ jobKey: ['canary', JOB_KEY] }),
    'job key beside another choice': async () =>
      createReceiver({ dynamic: { jobKey: JOB_KEY, allowAnyJob: true } }),
    'private key of another kind': () => {
      const privateKey = { ...toJwk(PRIVATE_KEYS[0]!), kty: 'EC', kid: PAYLOAD_CANARY }
      return signDynamic({ id: 'x', timestamp: 1, body: '', privateKey })
    },
  }
  test.each(Object.entries(attempts))('%s', async (_, attempt) => {
    const outcome = await attempt().catch((error: unknown) => error)
    expectNoCanary(outcome)
    expect(written).toEqual([])
  })
})
