// What every runtime must agree on. It uses web standards only, because it also runs where there is no Node.
import { createMemoryQueue, createMemoryStore, createReceiver, verifyWebhook, WebhookError } from '@gwh/core'
import { explainFailure } from '@gwh/core/explain'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { signDynamic, signStatic } from '@gwh/core/sign'
import { equal } from '@gwh-test/support/suite'
import vectors from '../../../packages/core/test/vectors.json' with { type: 'json' }

type Test = (title: string, run: () => Promise<void>) => void

const { id, timestamp, body, v1, v1a, rs256 } = vectors
const now = () => Number(timestamp) * 1000
const secrets = v1.secret

const deliver = (signature: string, changes: Record<string, string> = {}) => ({
  headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature, ...changes },
  body: new TextEncoder().encode(body),
})

/** The scheme that verifies a delivery, or the code it is refused with. */
async function verdict(...args: Parameters<typeof verifyWebhook>): Promise<string> {
  try {
    return (await verifyWebhook(...args)).scheme
  } catch (error) {
    return error instanceof WebhookError ? error.code : `not ours: ${String(error)}`
  }
}

const post = (delivery: ReturnType<typeof deliver>) =>
  new Request('https://example.com/', { method: 'POST', headers: delivery.headers, body: delivery.body })

export function coreSuite(test: Test): void {
  test('v1 verifies with the published vector', async () => {
    equal(await verdict(deliver(v1.header), { secrets, now }), 'static')
  })
  test('v1 verifies with one of two signatures during a rotation', async () => {
    equal(await verdict(deliver(vectors.rotationHeaderExample), { secrets, now }), 'static')
  })
  test('v1a verifies against three keys without a name', async () => {
    const keys = v1a.jwks.keys.map(({ kid, ...key }) => key)
    equal(await verdict(deliver(v1a.header), { jwks: { keys }, now }), 'dynamic')
  })
  test('a documented JWT verifies where it is allowed, and reports that the body is not bound', async () => {
    const jwt = { audience: 'https://my-api.example/dyn', allowUnboundBody: true } as const
    const verified = await verifyWebhook(deliver(rs256.header), { jwks: rs256.jwks, jwt, now })
    equal([verified.scheme, verified.jwt], ['dynamic', { bodyBound: false }])
  })
  test('a documented JWT that is not bound to the body is refused by default', async () => {
    const jwt = { audience: 'https://my-api.example/dyn' }
    equal(await verdict(deliver(rs256.header), { jwks: rs256.jwks, jwt, now }), 'jwt_body_unbound')
  })
  test('a signature of one scheme does not verify as another', async () => {
    equal(await verdict(deliver(v1a.header), { secrets, now }), 'scheme_unsupported')
    equal(await verdict(deliver(v1.header), { jwks: v1a.jwks, now }), 'scheme_unsupported')
  })
  test('a flipped bit in body, id or signature is refused', async () => {
    for (const [signature, options] of [
      [v1.header, { secrets, now }],
      [v1a.header, { jwks: v1a.jwks, now }],
    ] as const) {
      const altered = deliver(signature)
      altered.body[10]! ^= 1
      equal(await verdict(altered, options), 'signature_invalid')
      equal(await verdict(deliver(signature, { 'webhook-id': 'msg_other' }), options), 'signature_invalid')
    }
  })
  test('malformed and stale headers are refused with their codes', async () => {
    const codes = [
      [{ 'webhook-id': '' }, 'header_missing'],
      [{ 'webhook-id': 'a.b' }, 'id_malformed'],
      [{ 'webhook-timestamp': `${timestamp}abc` }, 'timestamp_malformed'],
      [{ 'webhook-timestamp': String(Number(timestamp) - 301) }, 'timestamp_too_old'],
      [{ 'webhook-timestamp': String(Number(timestamp) + 301) }, 'timestamp_too_new'],
      [{ 'webhook-signature': 'v1,a '.repeat(17) }, 'signature_malformed'],
    ] as const
    for (const [change, code] of codes) {
      equal(await verdict(deliver(v1.header, change), { secrets, now }), code)
    }
  })
  test('a key of small order is not used', async () => {
    const identity = { kty: 'OKP', crv: 'Ed25519', x: `AQ${'A'.repeat(41)}` }
    const forged = `v1a,${btoa(`\x01${'\0'.repeat(63)}`)}`
    const jwks = { keys: [identity, ...v1a.jwks.keys] }
    equal(await verdict(deliver(forged), { jwks, now }), 'signature_invalid')
  })
  test('a delivery signed on this runtime verifies on it', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as {
      privateKey: Parameters<typeof crypto.subtle.sign>[1]
      publicKey: Parameters<typeof crypto.subtle.sign>[1]
    }
    const message = { id, timestamp: Number(timestamp), body }
    const keys = [await crypto.subtle.exportKey('jwk', pair.publicKey)] as { kty?: string }[]
    const dynamic = await signDynamic({ ...message, privateKey: pair.privateKey })
    equal(await verdict(deliver(dynamic), { jwks: { keys }, now }), 'dynamic')
    equal(await verdict(deliver(await signStatic({ ...message, secrets })), { secrets, now }), 'static')
  })
  test('a receiver handles a delivery once, inline', async () => {
    const seen: string[] = []
    const receiver = createReceiver({ static: { secrets }, now, store: createMemoryStore({ now }) })
    receiver.on('batch.*', (event) => {
      seen.push(`${event.type} ${event.id}`)
    })
    const answers = [
      await receiver.fetch(post(deliver(v1.header))),
      await receiver.fetch(post(deliver(v1.header))),
    ]
    equal(await Promise.all(answers.map((answer) => answer.text())), [
      '{"status":"accepted"}',
      '{"status":"duplicate"}',
    ])
    equal(seen, ['batch.succeeded batches/b0emu1ator2example3id4bare5opaque6xy'])
  })
  test('a receiver handles a delivery once, from a queue', async () => {
    let handled = 0
    const receiver = createReceiver({ static: { secrets }, now, queue: createMemoryQueue() })
    receiver.on('*', () => {
      handled++
    })
    await receiver.fetch(post(deliver(v1.header)))
    equal([await receiver.drain(), handled], [{ processed: 1 }, 1])
  })
  test('a dynamic delivery needs one of our job tokens', async () => {
    const jobKey = 'k'.repeat(32)
    const receiver = createReceiver({ dynamic: { jobKey, jwks: v1a.jwks }, now })
    equal((await receiver.fetch(post(deliver(v1a.header)))).status, 403)
    const [seed] = v1a.privateSeedsHex
    const key = { ...v1a.jwks.keys[0]!, d: base64Url(seed!) }
    const metadata = { [JOB_TOKEN_FIELD]: await createJobToken({ jobKey, now }) }
    const ours = JSON.stringify({ type: 'batch.succeeded', data: { id: 'x' }, user_metadata: metadata })
    const signature = await signDynamic({ id, timestamp: Number(timestamp), body: ours, privateKey: key })
    const delivery = { ...deliver(signature), body: new TextEncoder().encode(ours) }
    equal((await receiver.fetch(post(delivery))).status, 200)
  })
  test('requests that are not deliveries get their answers', async () => {
    const receiver = createReceiver({ static: { secrets }, now, maxBodyBytes: 100 })
    const url = 'https://example.com/'
    const status = async (request: Request) => (await receiver.fetch(request)).status
    equal(await status(new Request(url)), 405)
    equal(await status(new Request(url, { method: 'POST' })), 400)
    equal(await status(post(deliver(v1.header))), 413)
    equal(await status(post(deliver(v1.header, { 'content-encoding': 'gzip' }))), 415)
  })
  test('an altered body is explained', async () => {
    const altered = { ...deliver(v1.header), body: JSON.stringify(JSON.parse(body), null, 2) }
    equal((await explainFailure(altered, { secrets, now })).reason, 'body_reserialised')
  })
}

function base64Url(hex: string): string {
  const bytes = hex.match(/../g)!.map((pair) => String.fromCharCode(Number.parseInt(pair, 16)))
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
