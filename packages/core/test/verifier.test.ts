import { createReceiver, createVerifier, type Refusal, type VerifyOptions, verifyWebhook } from '@gwh/core'
import { createFixedJwks } from '@gwh/core/jwks'
import { describe, expect, test } from 'vitest'
import { onlyKey } from './jwks-server.ts'
import {
  codeOf,
  dynamicDelivery,
  JWKS,
  NOW,
  OTHER_SECRET,
  PRIVATE_KEYS,
  SECRET,
  staticDelivery,
} from './support.ts'

const now = () => NOW

/** A `fetch` that answers with the key set and counts. */
function createFetch(document: unknown = JWKS) {
  let count = 0
  const fetch = (async () => {
    count++
    return Response.json(document)
  }) as typeof globalThis.fetch
  return { fetch, count: () => count }
}

describe('a verifier', () => {
  test('fetches a key set once for many deliveries, those at once included', async () => {
    const { fetch, count } = createFetch()
    const verifier = createVerifier({ jwks: 'https://ten.example/jwks', fetch, now })
    const delivery = dynamicDelivery()
    await Promise.all(Array.from({ length: 10 }, () => verifier.verify(delivery)))
    for (let round = 0; round < 10; round++) await verifier.verify(delivery)
    expect(count()).toBe(1)
  })

  test('verifies both schemes, by error and by value alike', async () => {
    const verifier = createVerifier({ secrets: SECRET, jwks: JWKS, now })
    for (const delivery of [staticDelivery(), dynamicDelivery()]) {
      expect(await verifier.check(delivery)).toEqual(await verifier.verify(delivery))
    }
    const forged = staticDelivery({}, OTHER_SECRET)
    expect(await verifier.check(forged)).toMatchObject({ refused: 'signature_invalid' })
    expect(await codeOf(verifier.verify(forged))).toBe('signature_invalid')
  })

  test('keeps the options it was created with', async () => {
    const secrets = [SECRET]
    const jwks = { keys: [...JWKS.keys.map((key) => ({ ...key }))] }
    const verifier = createVerifier({ secrets, jwks, now })
    secrets[0] = OTHER_SECRET
    Object.assign(jwks.keys[0]!, JWKS.keys[1])
    jwks.keys.length = 0
    expect(await verifier.check(staticDelivery())).toMatchObject({ scheme: 'static' })
    expect(await verifier.check(dynamicDelivery())).toMatchObject({ keyId: 'test-ed-1' })
  })

  const failing = () => Promise.reject(new Error('down'))
  const good = staticDelivery()
  const withHeader = (name: string, value: string) => ({
    ...good,
    headers: { ...good.headers, [name]: value },
  })
  test.each<[string, number, unknown, Partial<VerifyOptions>]>([
    ['header_missing', 400, { ...good, headers: {} }, {}],
    ['header_duplicate', 400, withHeader('webhook-id', 'a, b'), {}],
    ['header_malformed', 400, { ...good, headers: 5 }, {}],
    ['id_malformed', 400, withHeader('webhook-id', 'a b'), {}],
    ['timestamp_malformed', 400, withHeader('webhook-timestamp', '1e9'), {}],
    ['signature_malformed', 400, withHeader('webhook-signature', 'v1,a '.repeat(20)), {}],
    ['timestamp_too_old', 401, good, { now: () => NOW + 301_000 }],
    ['timestamp_too_new', 401, good, { now: () => NOW - 301_000 }],
    ['scheme_unsupported', 401, withHeader('webhook-signature', 'v9,AAAA'), {}],
    ['signature_invalid', 401, staticDelivery({}, OTHER_SECRET), {}],
    [
      'jwks_unavailable',
      503,
      dynamicDelivery(),
      { jwks: 'https://down.example/jwks', fetch: failing as never },
    ],
    ['secret_unavailable', 503, good, { secrets: failing }],
    ['raw_body_required', 500, { ...good, body: {} }, {}],
  ])('refuses with %s (%i) as a value where verify throws', async (code, status, delivery, options) => {
    const verifier = createVerifier({ secrets: SECRET, now, ...options })
    const refusal = await verifier.check(delivery as never)
    const error = await verifier.verify(delivery as never).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ refused: code, code, status })
    const { message } = refusal as Refusal
    expect(error).toMatchObject({ code, status, message })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'delivery'],
    ['no headers', { body: '' }],
    ['null for headers', { headers: null, body: '' }],
    ['a number for headers', { headers: 5, body: '' }],
    ['a parsed body', { headers: {}, body: {} }],
    ['null for a body', { headers: {}, body: null }],
  ])('answers %s with a refusal', async (_, delivery) => {
    const verifier = createVerifier({ secrets: SECRET, jwks: JWKS, now })
    const outcome = await verifier.check(delivery as never)
    expect(outcome).toHaveProperty('refused')
    expect(await codeOf(verifier.verify(delivery as never))).toBe((outcome as { refused: string }).refused)
  })
})

describe('options of the wrong kind have a code', () => {
  const odd: [string, unknown, string][] = [
    ['no options', undefined, 'option_invalid'],
    ['null', null, 'option_invalid'],
    ['a number', 5, 'option_invalid'],
    ['null for secrets', { secrets: null }, 'secret_empty'],
    ['a number for secrets', { secrets: 5 }, 'secret_malformed'],
    ['an object for secrets', { secrets: {} }, 'secret_malformed'],
    ['null among the secrets', { secrets: [null] }, 'secret_malformed'],
    ['null for jwks', { jwks: null }, 'option_invalid'],
    ['a number for jwks', { jwks: 5 }, 'option_invalid'],
    ['an empty object for jwks', { jwks: {} }, 'option_invalid'],
    ['a text for jwks', { jwks: 'keys' }, 'option_invalid'],
    ['null for jwt', { jwks: JWKS, jwt: null }, 'option_invalid'],
    ['a text for jwt', { jwks: JWKS, jwt: 'audience' }, 'option_invalid'],
    ['an unknown format', { secrets: SECRET, format: 'hex' }, 'option_invalid'],
    ['a number for now', { secrets: SECRET, now: 5 }, 'option_invalid'],
    ['a text for fetch', { jwks: JWKS, fetch: 'fetch' }, 'option_invalid'],
    ['false for allowEmulator', { jwks: JWKS, allowEmulator: false }, 'option_invalid'],
  ]

  test.each(odd)('%s', async (_, options, code) => {
    const given = options as VerifyOptions
    const throwsCode = expect.objectContaining({ name: 'WebhookConfigError', code })
    expect(() => createVerifier(given)).toThrow(throwsCode)
    await expect(verifyWebhook(staticDelivery(), given)).rejects.toEqual(throwsCode)
  })

  test('a key set of the wrong kind is found with the first delivery', async () => {
    const verifier = createVerifier({ jwks: { keys: [null, 5] } as never, now })
    expect(await codeOf(verifier.check(dynamicDelivery()))).toBe('option_invalid')
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['null for static', { static: null }],
    ['null for dynamic', { static: { secrets: SECRET }, dynamic: null }],
    ['a number for dynamic', { dynamic: 5 }],
    ['null for jwks', { dynamic: { allowAnyJob: true, jwks: null } }],
  ])('of a receiver: %s', (_, options) => {
    expect(() => createReceiver(options as never)).toThrow(
      expect.objectContaining({ code: 'option_invalid' }),
    )
  })
})

describe('a key set changed in place', () => {
  const replace = (document: { keys: object[] }) => {
    document.keys = [JWKS.keys[1]!]
  }

  test('counts with the next call of verifyWebhook', async () => {
    const jwks = { keys: [...JWKS.keys] }
    const second = dynamicDelivery({}, PRIVATE_KEYS[1])
    await verifyWebhook(dynamicDelivery(), { jwks, now })
    replace(jwks)
    expect(await codeOf(verifyWebhook(dynamicDelivery(), { jwks, now }))).toBe('signature_invalid')
    await expect(verifyWebhook(second, { jwks, now })).resolves.toMatchObject({ keyId: 'test-ed-2' })
  })

  test('has no effect on createFixedJwks, which copies it', async () => {
    const document = { keys: [...JWKS.keys] }
    const jwks = createFixedJwks(document)
    replace(document)
    expect((await jwks.keys())?.ed25519.map(({ keyId }) => keyId)).toEqual([
      'test-ed-1',
      'test-ed-2',
      'test-ed-3',
    ])
  })
})

describe('verifyWebhook', () => {
  test('fetches the key set of a URL once, although every call has its own fetch', async () => {
    const { fetch, count } = createFetch()
    for (let round = 0; round < 10; round++) {
      const own: typeof fetch = (...request) => fetch(...request)
      await verifyWebhook(dynamicDelivery(), { jwks: 'https://inline.example/jwks', fetch: own, now })
    }
    expect(count()).toBe(1)
  })

  test('keeps key sets of different URLs apart', async () => {
    const one = createFetch(onlyKey(0))
    const two = createFetch(onlyKey(1))
    const verify = (name: string, { fetch }: typeof one) =>
      verifyWebhook(dynamicDelivery(), { jwks: `https://${name}.example/jwks`, fetch, now })
    await expect(verify('one', one)).resolves.toMatchObject({ keyId: 'test-ed-1' })
    expect(await codeOf(verify('two', two))).toBe('signature_invalid')
  })
})
