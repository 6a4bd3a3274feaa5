import { createReceiver, parseEvent, WebhookPayloadError } from '@gwh/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JWKS, NOW, NOW_SECONDS, SECRET, signV1, toHeaders, toMessage, toRequest } from './support.ts'

const ids = fc.stringMatching(/^[!-+\-/-~]{1,40}$/)
const times = fc.integer({ min: NOW_SECONDS - 300, max: NOW_SECONDS + 300 })
const bodies = fc.uint8Array({ maxLength: 300 })
const messages = fc.record({ id: ids, timestamp: times, body: bodies }).map(toMessage)

describe('whatever is sent is answered', () => {
  const receiver = createReceiver({
    static: { secrets: SECRET },
    dynamic: { allowAnyJob: true, jwks: JWKS },
    now: () => NOW,
  })
  const values = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('v1,', String(NOW_SECONDS), 'msg_1', 'gzip'),
  )
  const headerNames = fc.oneof(
    fc.constantFrom(
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'content-encoding',
      'content-length',
    ),
    fc.string(),
  )
  const hostileValues = fc.oneof(values, fc.array(values), fc.anything())
  const hostileHeaders = fc.dictionary(headerNames, hostileValues, { maxKeys: 8 })
  const wellFormed = fc.record({
    'webhook-id': fc.oneof(ids, values),
    'webhook-timestamp': fc.constant(String(NOW_SECONDS)),
    'webhook-signature': fc.oneof(
      values,
      fc.base64String().map((text) => `v1,${text} v1a,${text}`),
    ),
  })

  test('receive never rejects and never blames itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(hostileHeaders, wellFormed), bodies, async (headers, body) => {
        const answer = await receiver.receive({ headers: headers as Record<string, string>, body })
        expect([400, 401, 413, 415]).toContain(answer.status)
      }),
      { numRuns: 1000 },
    )
  })

  test('fetch never rejects and never blames itself', async () => {
    const methods = fc.constantFrom('POST', 'PUT', 'DELETE')
    const text = fc.stringMatching(/^[\t -~]*$/)
    const headers = fc.record({
      'webhook-id': text,
      'webhook-timestamp': fc.oneof(text, fc.constant(String(NOW_SECONDS))),
      'webhook-signature': text,
    })
    await fc.assert(
      fc.asyncProperty(methods, headers, bodies, async (method, given, body) => {
        const { status } = await receiver.fetch(toRequest({ headers: given, body }, { method }))
        expect([400, 401, 405]).toContain(status)
      }),
      { numRuns: 300 },
    )
  })

  test('a signed body of any bytes is accepted, event or not', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const delivery = { headers: toHeaders(message, signV1(message)), body: message.body }
        expect((await receiver.receive(delivery)).status).toBe(200)
      }),
    )
  })
})

describe('parseEvent throws nothing but WebhookPayloadError', () => {
  const attempt = (body: string | Uint8Array) => {
    try {
      return parseEvent(body)
    } catch (error) {
      expect(error).toBeInstanceOf(WebhookPayloadError)
      return undefined
    }
  }

  test('for any bytes, any text and any JSON', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), bodies)
    fc.assert(
      fc.property(texts, (body) => {
        attempt(body)
      }),
      { numRuns: 500 },
    )
  })

  test('and parses any envelope, whatever its data and metadata are', () => {
    const member = fc.string().filter((name) => name !== '__proto__')
    const values = fc.jsonValue({ noUnicodeString: false } as object)
    const data = fc.dictionary(
      fc.oneof(fc.constantFrom('id', 'uri', 'file_name', 'error_code'), member),
      values,
    )
    const types = fc.constantFrom('batch.succeeded', 'batch.failed', 'video.generated', 'ping')
    fc.assert(
      fc.property(types, data, values, (type, fields, metadata) => {
        const text = JSON.stringify({ type, data: fields, user_metadata: metadata })
        fc.pre(!text.includes('__proto__'))
        const event = attempt(text)
        expect(event).toMatchObject({ type, raw: JSON.parse(text) })
      }),
    )
  })
})
