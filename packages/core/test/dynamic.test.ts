import { createReceiver, verifyWebhook } from '@gwh/core'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { createFixedJwks, createJwks, type JsonWebKeySet, type Jwks } from '@gwh/core/jwks'
import { signDynamic } from '@gwh/core/sign'
import { describe, expect, test } from 'vitest'
import {
  codeOf,
  createFakeClock,
  dynamicDelivery,
  EVENT,
  hmacOf,
  JOB_KEY,
  JWKS,
  NOW,
  NOW_SECONDS,
  PRIVATE_KEYS,
  SECRET,
  signV1,
  signV1a,
  staticDelivery,
  toHeaders,
  toJwk,
  toMessage,
  vectors,
} from './support.ts'

const message = toMessage({ body: vectors.body })
const verify = (signature: string, jwks: JsonWebKeySet | Jwks = JWKS) =>
  verifyWebhook({ headers: toHeaders(message, signature), body: message.body }, { jwks, now: () => NOW })

describe('the test vector', () => {
  test('verifies among three keys, none of them named in the delivery', async () => {
    await expect(verify(vectors.v1a.header)).resolves.toEqual({
      id: vectors.id,
      timestamp: NOW_SECONDS,
      scheme: 'dynamic',
      keyId: 'test-ed-2',
      body: message.body,
    })
  })

  test('equals the output of our own signer', async () => {
    const privateKey = toJwk(PRIVATE_KEYS[1]!)
    const header = await signDynamic({
      id: vectors.id,
      timestamp: NOW_SECONDS,
      body: vectors.body,
      privateKey,
    })
    expect(header).toBe(vectors.v1a.header)
  })

  test('does not verify when one byte of the body differs', async () => {
    const headers = toHeaders(message, vectors.v1a.header)
    const body = new Uint8Array(message.body).fill(0x20, 0, 1)
    expect(await codeOf(verifyWebhook({ headers, body }, { jwks: JWKS, now: () => NOW }))).toBe(
      'signature_invalid',
    )
  })
})

describe('every key of the set is tried', () => {
  test.each([0, 1, 2])('key %i', async (index) => {
    await expect(verify(signV1a(message, PRIVATE_KEYS[index]!))).resolves.toMatchObject({
      keyId: `test-ed-${index + 1}`,
    })
  })

  test('also when none has a kid, or all have the same or an empty one', async () => {
    const rename = (kid?: string) => ({
      keys: JWKS.keys.map(({ kty, crv, x }) => ({ kty, crv, x, ...(kid !== undefined && { kid }) })),
    })
    const signature = signV1a(message, PRIVATE_KEYS[2]!)
    await expect(verify(signature, rename())).resolves.toMatchObject({ keyId: JWKS.keys[2]!.x })
    await expect(verify(signature, rename(''))).resolves.toMatchObject({ keyId: JWKS.keys[2]!.x })
    await expect(verify(signature, rename('same'))).resolves.toMatchObject({ keyId: 'same' })
  })

  test('the key that matched last is only tried first, not alone', async () => {
    const jwks = createFixedJwks(JWKS)
    const keyIds = []
    for (const index of [0, 2, 2, 1, 0]) {
      keyIds.push((await verify(signV1a(message, PRIVATE_KEYS[index]!), jwks)).keyId)
    }
    expect(keyIds).toEqual(['test-ed-1', 'test-ed-3', 'test-ed-3', 'test-ed-2', 'test-ed-1'])
  })

  test('four signatures are tried against each of the three keys', async () => {
    const forged = `v1a,${Buffer.alloc(64, 3).toString('base64')}`
    const signature = `${forged} ${forged} ${forged} ${signV1a(message, PRIVATE_KEYS[2]!)}`
    await expect(verify(signature)).resolves.toMatchObject({ keyId: 'test-ed-3' })
  })
})

describe('keys that were rotated since they were fetched', () => {
  const only = (index: number): JsonWebKeySet => ({ keys: [JWKS.keys[index]!] })

  test('are fetched anew when no key matches', async () => {
    const clock = createFakeClock()
    const served = [only(0), only(1)]
    const jwks = createJwks('https://keys.example', {
      clock,
      fetch: async () => Response.json(served.shift()),
    })
    await expect(verify(signV1a(message, PRIVATE_KEYS[0]!), jwks)).resolves.toBeDefined()
    await clock.advance(30_000)
    await expect(verify(signV1a(message, PRIVATE_KEYS[1]!), jwks)).resolves.toMatchObject({
      keyId: 'test-ed-2',
    })
    expect(await codeOf(verify(signV1a(message, PRIVATE_KEYS[0]!), jwks))).toBe('signature_invalid')
  })

  test('are found also when another delivery fetched them in the meantime', async () => {
    const sets = [only(0), only(1)].map((document) => createFixedJwks(document).keys())
    const jwks: Jwks = { ...createFixedJwks(JWKS), keys: () => sets.shift()!, reload: async () => false }
    await expect(verify(signV1a(message, PRIVATE_KEYS[1]!), jwks)).resolves.toMatchObject({
      keyId: 'test-ed-2',
    })
  })
})

describe('a signature that is not 64 bytes in canonical base64 is signature_invalid', () => {
  const text = vectors.v1a.header.slice('v1a,'.length)
  test.each<[string, string]>([
    ['empty', ''],
    ['one byte short', Buffer.from(text, 'base64').subarray(0, 63).toString('base64')],
    ['one byte long', Buffer.concat([Buffer.from(text, 'base64'), Buffer.alloc(1)]).toString('base64')],
    ['without padding', text.replaceAll('=', '')],
    ['url-safe', text.replaceAll('/', '_').replaceAll('+', '-')],
    ['with unread bits set', text.replace(/Q==$/, 'R==')],
    ['hex', Buffer.from(text, 'base64').toString('hex')],
    ['all zero', Buffer.alloc(64).toString('base64')],
  ])('%s', async (_, signature) => {
    expect(signature).not.toBe(text)
    expect(await codeOf(verify(`v1a,${signature}`))).toBe('signature_invalid')
  })
})

describe('only schemes the caller configured count', () => {
  test('a receiver of static webhooks refuses a genuine v1a delivery', async () => {
    const promise = verifyWebhook(dynamicDelivery(), { secrets: SECRET, now: () => NOW })
    expect(await codeOf(promise)).toBe('scheme_unsupported')
  })

  test('a receiver of dynamic webhooks refuses a genuine v1 delivery', async () => {
    const promise = verifyWebhook(staticDelivery(), { jwks: JWKS, now: () => NOW })
    expect(await codeOf(promise)).toBe('scheme_unsupported')
  })

  test('an HMAC under the bytes of a public key is not a signature', async () => {
    for (const { x } of JWKS.keys) {
      const forged = hmacOf(message, Buffer.from(x, 'base64url'))
      expect(await codeOf(verify(`v1,${forged}`))).toBe('scheme_unsupported')
      expect(await codeOf(verify(`v1a,${forged}`))).toBe('signature_invalid')
    }
  })

  test('with both configured each delivery verifies as what it is', async () => {
    const options = { secrets: SECRET, jwks: JWKS, now: () => NOW }
    await expect(verifyWebhook(staticDelivery(), options)).resolves.toMatchObject({ scheme: 'static' })
    await expect(verifyWebhook(dynamicDelivery(), options)).resolves.toMatchObject({ scheme: 'dynamic' })
    const forgedStatic = dynamicDelivery()
    forgedStatic.headers['webhook-signature'] += ` ${signV1(message)}`
    await expect(verifyWebhook(forgedStatic, options)).resolves.toMatchObject({ scheme: 'dynamic' })
  })
})

describe('a receiver must say whose jobs it accepts', () => {
  const jwks = JWKS
  test.each<[string, object]>([
    ['nothing', {}],
    ['two ways', { allowAnyJob: true, jobKey: 'k'.repeat(32) }],
    ['allowAnyJob: false', { allowAnyJob: false }],
    ['an authorize that is null', { authorize: null }],
    ['an authorize that is false', { authorize: false }],
    ['an authorize that is not a function', { authorize: 'yes' }],
    ['a short jobKey', { jobKey: 'k'.repeat(31) }],
    ['an empty list of jobKeys', { jobKey: [] }],
    ['a misspelt name', { jobkey: 'k'.repeat(32) }],
  ])('%s is option_invalid', (_, dynamic) => {
    expect(() => createReceiver({ dynamic: { jwks, ...(dynamic as { allowAnyJob: true }) } })).toThrow(
      expect.objectContaining({ code: 'option_invalid' }),
    )
  })
})

describe('a receiver uses the keys it was created with', () => {
  // The code for them is loaded with the first dynamic delivery, long after the options were given.
  test('although the key set changes before the first delivery', async () => {
    const jwks = { keys: [...JWKS.keys] }
    const receiver = createReceiver({ dynamic: { jwks, allowAnyJob: true }, now: () => NOW })
    jwks.keys.length = 0
    await expect(receiver.receive(dynamicDelivery())).resolves.toMatchObject({ status: 200 })
  })

  test('although the list of job keys changes before the first delivery', async () => {
    const jobKey = [JOB_KEY]
    const receiver = createReceiver({ dynamic: { jwks: JWKS, jobKey }, now: () => NOW })
    jobKey[0] = 'another job key of more than thirty-two characters'
    const token = await createJobToken({ jobKey: JOB_KEY, now: () => NOW })
    const body = { ...EVENT, user_metadata: { [JOB_TOKEN_FIELD]: token } }
    await expect(receiver.receive(dynamicDelivery({ body }))).resolves.toMatchObject({ status: 200 })
  })
})
