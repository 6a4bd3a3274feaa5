import {
  type VerifyOptions,
  verifyWebhook,
  WebhookConfigError,
  type WebhookError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from '@gwh/core'
import { describe, expect, test } from 'vitest'
import {
  codeOf,
  dynamicDelivery,
  EVENT,
  ID,
  JWKS,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  staticDelivery,
} from './support.ts'

const OPTIONS: VerifyOptions = { secrets: SECRET, now: () => NOW }
const genuine = staticDelivery()

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it verified') as never,
    (error: WebhookError) => error,
  )

describe('what it resolves to', () => {
  test('names the delivery and holds the very bytes', async () => {
    const verified = await verifyWebhook(genuine, OPTIONS)
    expect(verified).toEqual({
      id: ID,
      timestamp: NOW_SECONDS,
      scheme: 'static',
      keyId: 'whsec_...czI=',
      body: genuine.body,
    })
    expect(verified.body).toBe(genuine.body)
  })

  test('is the same for a body as a string', async () => {
    const text = JSON.stringify({ ...EVENT, user_metadata: { n: 'é✓𝄞' } })
    const { headers } = staticDelivery({ body: text })
    const { body } = await verifyWebhook({ headers, body: text }, OPTIONS)
    expect(new TextDecoder().decode(body)).toBe(text)
  })

  test('is the same for a Node buffer', async () => {
    const body = Buffer.from(genuine.body)
    await expect(verifyWebhook({ ...genuine, body }, OPTIONS)).resolves.toMatchObject({ scheme: 'static' })
  })
})

describe('what it rejects with', () => {
  test.each<[string, () => Promise<unknown>, typeof WebhookError, string, number]>([
    [
      'a wrong secret',
      () => verifyWebhook(genuine, { ...OPTIONS, secrets: OTHER_SECRET }),
      WebhookVerificationError,
      'signature_invalid',
      401,
    ],
    [
      'an old delivery',
      () => verifyWebhook(staticDelivery({ timestamp: 1 }), OPTIONS),
      WebhookVerificationError,
      'timestamp_too_old',
      401,
    ],
    [
      'no headers',
      () => verifyWebhook({ headers: {}, body: '' }, OPTIONS),
      WebhookVerificationError,
      'header_missing',
      400,
    ],
    [
      'a malformed id',
      () => verifyWebhook(staticDelivery({ id: 'a.b' }), OPTIONS),
      WebhookVerificationError,
      'id_malformed',
      400,
    ],
    [
      'keys that cannot be fetched',
      () =>
        verifyWebhook(dynamicDelivery(), {
          jwks: 'https://keys.example',
          fetch: () => Promise.reject(new Error()),
          now: () => NOW,
        }),
      WebhookUnavailableError,
      'jwks_unavailable',
      503,
    ],
    ['no secret', () => verifyWebhook(genuine, { secrets: '' }), WebhookConfigError, 'secret_empty', 500],
    ['neither secrets nor keys', () => verifyWebhook(genuine, {}), WebhookConfigError, 'option_invalid', 500],
    [
      'a misspelt option',
      () => verifyWebhook(genuine, { ...OPTIONS, tolerance: 0 } as VerifyOptions),
      WebhookConfigError,
      'option_invalid',
      500,
    ],
  ])('%s', async (_, attempt, errorClass, code, status) => {
    const error = await errorOf(attempt())
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ code, status, name: errorClass.name })
  })

  test.each<[string, unknown]>([
    ['a parsed object', EVENT],
    ['a list', [1]],
    ['a number', 5],
    ['an array buffer', genuine.body.buffer],
  ])('%s for a body is raw_body_required, never guessed at', async (_, body) => {
    const promise = verifyWebhook({ headers: genuine.headers, body: body as string }, OPTIONS)
    expect(await codeOf(promise)).toBe('raw_body_required')
  })
})

describe('options', () => {
  test('with secrets alone may be repeated: the result of one does not affect another', async () => {
    const fresh = () => staticDelivery({ timestamp: Math.floor(Date.now() / 1000) })
    for (let round = 0; round < 3; round++) {
      await expect(verifyWebhook(fresh(), { secrets: SECRET })).resolves.toBeDefined()
      expect(await codeOf(verifyWebhook(fresh(), { secrets: OTHER_SECRET }))).toBe('signature_invalid')
      await expect(verifyWebhook(fresh(), { secrets: [OTHER_SECRET, SECRET] })).resolves.toBeDefined()
    }
  })

  test('that are wrong stay wrong after right ones were seen', async () => {
    const fresh = staticDelivery({ timestamp: Math.floor(Date.now() / 1000) })
    await verifyWebhook(fresh, { secrets: SECRET })
    const options = { secrets: SECRET, toleranceSeconds: Number.NaN }
    expect(await codeOf(verifyWebhook(fresh, options))).toBe('option_invalid')
    expect(await codeOf(verifyWebhook(fresh, options))).toBe('option_invalid')
  })

  test('of many callers are kept apart', async () => {
    const fresh = staticDelivery({ timestamp: Math.floor(Date.now() / 1000) })
    const others = Array.from(
      { length: 40 },
      (_, index) => `whsec_${Buffer.alloc(32, index).toString('base64')}`,
    )
    for (const secrets of others) {
      expect(await codeOf(verifyWebhook(fresh, { secrets }))).toBe('signature_invalid')
    }
    await expect(verifyWebhook(fresh, { secrets: [...others.slice(0, 7), SECRET] })).resolves.toBeDefined()
  })

  test('take keys as a set, or from a URL fetched with the given fetch', async () => {
    const urls: string[] = []
    const fetch = async (url: unknown) => {
      urls.push(String(url))
      return Response.json(JWKS)
    }
    const given = { now: () => NOW, fetch: fetch as typeof globalThis.fetch }
    for (const jwks of ['https://keys.example/a', new URL('https://keys.example/b'), JWKS]) {
      await expect(verifyWebhook(dynamicDelivery(), { ...given, jwks })).resolves.toMatchObject({
        keyId: 'test-ed-1',
      })
    }
    expect(urls).toEqual(['https://keys.example/a', 'https://keys.example/b'])
  })
})
