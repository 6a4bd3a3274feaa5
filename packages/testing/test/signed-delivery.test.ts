import { createHmac, generateKeyPairSync, verify } from 'node:crypto'
import { createReceiver, EVENT_TYPES, parseEvent } from '@gwh/core'
import { expect, test } from 'vitest'
import { FIXTURE_EVENTS, type SignedDelivery, signedDelivery } from '../src/index.ts'

const SECRETS = [
  'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  'whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=',
]

// Built by hand from the specification, so that signer and test do not share a mistake.
const signedBytes = ({ headers, body }: SignedDelivery) =>
  Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])

test('a static delivery carries one HMAC for each secret, over id, timestamp and body', async () => {
  const delivery = await signedDelivery({ secret: SECRETS, id: 'msg_1', timestamp: 1_795_000_000 })
  const expected = SECRETS.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    return `v1,${createHmac('sha256', key).update(signedBytes(delivery)).digest('base64')}`
  })
  expect(delivery.headers['webhook-signature']).toBe(expected.join(' '))
  expect(delivery.headers).toMatchObject({ 'webhook-id': 'msg_1', 'webhook-timestamp': '1795000000' })
})

test('a dynamic delivery carries an Ed25519 signature over id, timestamp and body', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwk = { ...privateKey.export({ format: 'jwk' }) }
  const delivery = await signedDelivery({ privateKey: jwk, body: Uint8Array.of(0xff, 0x00) })
  const [version, signature = ''] = delivery.headers['webhook-signature']?.split(',') ?? []
  expect(version).toBe('v1a')
  expect(verify(null, signedBytes(delivery), publicKey, Buffer.from(signature, 'base64'))).toBe(true)
})

test('every delivery has its own id and the current time', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => signedDelivery({ secret: SECRETS[0]! })))
  expect(one!.headers['webhook-id']).not.toBe(other!.headers['webhook-id'])
  expect(one!.headers['webhook-timestamp']).toMatch(/^[1-9]\d{9}$/)
})

test.each([{}, { secret: SECRETS, privateKey: {} }])(
  'it takes a secret or a private key: %j',
  async (keys) => {
    await expect(signedDelivery(keys)).rejects.toMatchObject({ code: 'option_invalid' })
  },
)

test('there is a fixture for every event type, and each matches its schema', () => {
  expect(Object.keys(FIXTURE_EVENTS).sort()).toEqual([...EVENT_TYPES].sort())
  for (const [type, fixture] of Object.entries(FIXTURE_EVENTS)) {
    expect(parseEvent(JSON.stringify(fixture))).toMatchObject({
      type,
      data: { id: fixture.data.id },
      userMetadata: { job_group: 'nightly-eval' },
    })
  }
})

test.each([
  ['two secrets in one string', { secret: SECRETS.join(', ') }],
  ['a raw secret', { secret: 'secret-of-the-launch-week', format: 'raw' as const }],
  ['an event of an unknown type without a version, a time or an id', { event: { type: 'x', data: {} } }],
])('it signs whatever a receiver accepts: %s', async (_, options) => {
  const { secret = SECRETS[0]!, ...rest } = options as { secret?: string; format?: 'raw' }
  const { headers, body } = await signedDelivery({ secret, ...rest })
  const { format = 'base64' } = rest
  const receiver = createReceiver({ static: { secrets: secret, format } })
  expect(await receiver.receive({ headers, body })).toMatchObject({ status: 200 })
})
