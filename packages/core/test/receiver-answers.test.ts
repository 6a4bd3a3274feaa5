import { createReceiver, type ReceiverOptions } from '@gwh/core'
import { createJwks } from '@gwh/core/jwks'
import { describe, expect, test, vi } from 'vitest'
import {
  createFakeClock,
  createWatched,
  type Delivery,
  dynamicDelivery,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  settle,
  staticDelivery,
  toRequest,
} from './support.ts'

const genuine = staticDelivery()
const withHeader = (name: string, value: string, { headers, body }: Delivery = genuine): Delivery => ({
  headers: { ...headers, [name]: value },
  body,
})

interface Row {
  delivery: Delivery
  code: string
  status: number
  options?: Partial<ReceiverOptions>
}

const refusals: [string, Row][] = [
  ['no webhook-id', { delivery: withHeader('webhook-id', ''), code: 'header_missing', status: 400 }],
  ['a malformed id', { delivery: staticDelivery({ id: 'a.b' }), code: 'id_malformed', status: 400 }],
  ['two ids', { delivery: withHeader('webhook-id', 'a, b'), code: 'header_duplicate', status: 400 }],
  [
    'a malformed timestamp',
    { delivery: staticDelivery({ timestamp: '+1' }), code: 'timestamp_malformed', status: 400 },
  ],
  [
    'a header too long',
    { delivery: withHeader('webhook-signature', 'x'.repeat(8193)), code: 'signature_malformed', status: 400 },
  ],
  [
    'an old timestamp',
    { delivery: staticDelivery({ timestamp: NOW_SECONDS - 301 }), code: 'timestamp_too_old', status: 401 },
  ],
  [
    'a new timestamp',
    { delivery: staticDelivery({ timestamp: NOW_SECONDS + 301 }), code: 'timestamp_too_new', status: 401 },
  ],
  ['another secret', { delivery: staticDelivery({}, OTHER_SECRET), code: 'signature_invalid', status: 401 }],
  ['an unconfigured scheme', { delivery: dynamicDelivery(), code: 'scheme_unsupported', status: 401 }],
  [
    'an encoded body',
    { delivery: withHeader('content-encoding', 'gzip'), code: 'content_encoding', status: 415 },
  ],
  [
    'a body one byte too large',
    {
      delivery: genuine,
      code: 'body_too_large',
      status: 413,
      options: { maxBodyBytes: genuine.body.length - 1 },
    },
  ],
  [
    'a declared length too large',
    { delivery: withHeader('content-length', '2000000'), code: 'body_too_large', status: 413 },
  ],
  [
    'keys that cannot be fetched',
    {
      delivery: dynamicDelivery(),
      code: 'jwks_unavailable',
      status: 503,
      options: {
        dynamic: {
          allowAnyJob: true,
          jwks: createJwks('https://keys.example', {
            fetch: async () => new Response(null, { status: 500 }),
          }),
        },
      },
    },
  ],
]

describe('fetch and receive refuse alike', () => {
  test.each(refusals)('%s', async (_, { delivery, code, status, options }) => {
    const { receiver, signals } = createWatched(options)
    receiver.on('*', () => expect.unreachable('a handler ran'))
    const answer = await receiver.receive(delivery)
    const response = await receiver.fetch(toRequest(delivery))
    const word = status === 401 ? 'unauthorized' : code
    expect(answer).toMatchObject({ status, body: JSON.stringify({ error: word }) })
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(answer.body)
    expect(Object.fromEntries(response.headers)).toEqual(answer.headers)
    expect(signals.map((signal) => 'code' in signal && signal.code)).toEqual([code, code])
  })

  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['a string', 'webhook-id: a'],
  ])('%s for headers is header_malformed', async (_, headers) => {
    const onRefused = vi.fn()
    const { receiver, signals } = createWatched({ onRefused })
    const answer = await receiver.receive({ ...genuine, headers: headers as never })
    expect(answer).toMatchObject({ status: 400, body: '{"error":"header_malformed"}' })
    expect(signals).toMatchObject([{ type: 'refused', code: 'header_malformed' }])
    expect(onRefused).toHaveBeenCalledTimes(1)
  })

  test('every 401 is identical, so that it does not reveal which check failed', async () => {
    const { receiver } = createWatched()
    const unauthorized = refusals.filter(([, { status }]) => status === 401)
    const answers = await Promise.all(unauthorized.map(([, { delivery }]) => receiver.receive(delivery)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]!.body).toBe('{"error":"unauthorized"}')
  })
})

describe('the method', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])(
    '%s is answered 405 with Allow',
    async (method) => {
      const { receiver } = createWatched()
      const response = await receiver.fetch(new Request('https://example.test', { method }))
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST')
      await expect(receiver.receive({ ...genuine, method })).resolves.toMatchObject({ status: 405 })
    },
  )
})

describe('the body', () => {
  test('of exactly the limit is accepted', async () => {
    const { receiver } = createWatched({ maxBodyBytes: genuine.body.length })
    await expect(receiver.receive(genuine)).resolves.toMatchObject({ status: 200 })
    const response = await receiver.fetch(toRequest(staticDelivery({ id: 'other' })))
    expect(response.status).toBe(200)
  })

  test('in chunks is reassembled, and is too large whatever length was declared', async () => {
    const chunks = () => new Response(genuine.body.buffer as ArrayBuffer).body!.pipeThrough(splitter())
    const request = () =>
      toRequest(withHeader('content-length', '1'), { body: chunks(), duplex: 'half' } as RequestInit)
    expect((await createWatched().receiver.fetch(request())).status).toBe(200)
    const tight = createWatched({ maxBodyBytes: genuine.body.length - 1 })
    expect((await tight.receiver.fetch(request())).status).toBe(413)
  })

  test('that never ends is read to the limit and then cancelled', async () => {
    let cancelled = false
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024
        controller.enqueue(new Uint8Array(1024))
      },
      cancel() {
        cancelled = true
      },
    })
    const { receiver } = createWatched({ maxBodyBytes: 64 * 1024 })
    const response = await receiver.fetch(
      toRequest(genuine, { body: endless, duplex: 'half' } as RequestInit),
    )
    expect(response.status).toBe(413)
    await settle()
    expect(cancelled).toBe(true)
    expect(sent).toBeLessThanOrEqual(128 * 1024)
  })

  test.each([
    ['of unknown length', genuine],
    ['of a declared length', withHeader('content-length', '100')],
    ['of a declared length that is large', withHeader('content-length', '2000')],
  ])('that hangs, %s, is answered 408 after a second', async (_, delivery) => {
    const clock = createFakeClock()
    const { receiver } = createWatched({ clock })
    const hanging = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) })
    let status: number | undefined
    receiver.fetch(toRequest(delivery, { body: hanging, duplex: 'half' } as RequestInit)).then((response) => {
      status = response.status
    })
    await clock.advance(999)
    expect(status).toBeUndefined()
    await clock.advance(1)
    await settle()
    expect(status).toBe(408)
  })

  test.each([
    ['of unknown length', genuine],
    ['of a declared length', withHeader('content-length', '100')],
  ])('that breaks off, %s, is body_unreadable, not a fault of the receiver', async (_, delivery) => {
    const { receiver, signals } = createWatched()
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('reset')),
    })
    const init = { body: broken, duplex: 'half' } as RequestInit
    const response = await receiver.fetch(toRequest(delivery, init))
    expect(response.status).toBe(400)
    expect(signals).toMatchObject([{ type: 'refused', code: 'body_unreadable' }])
  })

  test.each([
    ['of a small declared length is read at once', { 'content-length': '200' }, {}, false],
    ['of a length that takes more than a second at the slowest pace', { 'content-length': '1025' }, {}, true],
    [
      'of a small length, if its pace may be slower',
      { 'content-length': '200' },
      { minBodyBytesPerSecond: 0 },
      true,
    ],
    ['of a small length, if pauses must be short', { 'content-length': '200' }, { bodyIdleMs: 999 }, true],
    [
      'of a small length and a transfer coding',
      { 'content-length': '200', 'transfer-encoding': 'chunked' },
      {},
      true,
    ],
    ['of unknown length', {}, {}, true],
  ])('%s (%j, %j): as a stream is %s', async (_, more, limits, expected) => {
    const { receiver } = createWatched(limits)
    const request = toRequest({ ...genuine, headers: { ...genuine.headers, ...more } })
    let streamed = false
    const { body } = request
    Object.defineProperty(request, 'body', {
      get() {
        streamed = true
        return body
      },
    })
    expect((await receiver.fetch(request)).status).toBe(200)
    expect(streamed).toBe(expected)
  })

  test('is not read at all when the headers are refused', async () => {
    const { receiver } = createWatched()
    const body = () => expect.unreachable('the body was read')
    const headers = withHeader('webhook-id', '').headers
    await expect(receiver.receive({ headers, body })).resolves.toMatchObject({ status: 400 })
  })

  test('that was read or parsed before is raw_body_required', async () => {
    const { receiver, signals } = createWatched()
    const used = toRequest(genuine)
    await used.text()
    expect((await receiver.fetch(used)).status).toBe(500)
    for (const parsed of [{ type: 'x' }, { refused: 'header_missing', message: '' }, [1], 5]) {
      const body = parsed as unknown as Uint8Array
      await expect(receiver.receive({ ...genuine, body })).resolves.toMatchObject({
        status: 500,
        body: '{"error":"raw_body_required"}',
      })
    }
    expect(new Set(signals.map((signal) => 'code' in signal && signal.code))).toEqual(
      new Set(['raw_body_required']),
    )
  })
})

test('a hostile clock, store or reader is answered, not thrown', async () => {
  const broken = () => {
    throw new Error('broken')
  }
  const { receiver, signals } = createWatched()
  await expect(receiver.receive({ ...genuine, body: broken })).resolves.toMatchObject({ status: 500 })
  await expect(createWatched({ now: broken }).receiver.receive(genuine)).resolves.toMatchObject({
    status: 500,
    body: '{"error":"internal"}',
  })
  expect(signals).toMatchObject([{ type: 'fault', code: 'internal' }])
})

test('a clock may be an object with methods', async () => {
  class ClassClock {
    present = NOW
    now() {
      return this.present
    }
    schedule() {
      return () => {}
    }
  }
  const receiver = createReceiver({ static: { secrets: SECRET }, clock: new ClassClock() })
  await expect(receiver.receive(genuine)).resolves.toMatchObject({ status: 200 })
})

function splitter(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += 7) controller.enqueue(chunk.slice(at, at + 7))
    },
  })
}
