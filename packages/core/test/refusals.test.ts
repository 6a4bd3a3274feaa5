import { inspect } from 'node:util'
import type { ReceiverOptions, ReceiverSignal, RefusedDelivery } from '@gwh/core'
import { explainFailure } from '@gwh/core/explain'
import { describe, expect, test, vi } from 'vitest'
import {
  createWatched,
  type Delivery,
  dynamicDelivery,
  ID,
  JWKS,
  NOW,
  OTHER_SECRET,
  SECRET,
  settle,
  staticDelivery,
  toRequest,
} from './support.ts'

const forged = staticDelivery({}, OTHER_SECRET)
const withHeader = (name: string, value: string): Delivery => ({
  ...forged,
  headers: { ...forged.headers, [name]: value },
})
const unread = (delivery: Delivery) => ({
  headers: delivery.headers,
  body: async () => expect.unreachable() as never,
})

async function refusalOf(delivery: Parameters<ReturnType<typeof createWatched>['receiver']['receive']>[0]) {
  const { receiver, signals } = createWatched({ dynamic: { allowAnyJob: true, jwks: JWKS } })
  await receiver.receive(delivery)
  return signals.find((signal) => signal.type === 'refused') as ReceiverSignal & { type: 'refused' }
}

describe('the signal of a refusal names', () => {
  test('the delivery, its kind of signature and the length of its body', async () => {
    const { unverified } = await refusalOf(forged)
    expect(unverified).toEqual({ id: ID, signatures: ['v1'], receivedBytes: forged.body.length })
  })

  test('a dynamic delivery as such', async () => {
    const { unverified } = await refusalOf({ ...dynamicDelivery(), body: new Uint8Array(3) })
    expect(unverified).toEqual({ id: ID, signatures: ['v1a'], receivedBytes: 3 })
  })

  test('several kinds, unknown ones too', async () => {
    const signature = 'v1,AAAA v9,BBBB v1a,CCCC'
    expect((await refusalOf(withHeader('webhook-signature', signature))).unverified.signatures).toEqual([
      'v1',
      'v1a',
      'unknown',
    ])
  })

  test('the declared length where the body was not read', async () => {
    const { code, unverified } = await refusalOf(unread(withHeader('content-length', '99999999')))
    expect([code, unverified]).toEqual([
      'body_too_large',
      { id: ID, signatures: ['v1'], declaredBytes: 99_999_999 },
    ])
  })

  test.each(['', 'a b', 'a.b', 'a, b', 'x'.repeat(257), '\u001b[31m'])(
    'no delivery when its id is %j',
    async (id) => {
      const { unverified } = await refusalOf(unread(withHeader('webhook-id', id)))
      expect(unverified).toEqual({ signatures: ['v1'] })
    },
  )

  test('nothing else of the request', async () => {
    const signal = await refusalOf(withHeader('cookie', 'session=canary'))
    const shown = inspect(signal, { depth: null })
    for (const secret of ['canary', forged.headers['webhook-signature']!.slice(3), 'batches/one'])
      expect(shown).not.toContain(secret)
  })
})

describe('onRefused', () => {
  function setUp(options: Partial<ReceiverOptions> = {}) {
    const refused: RefusedDelivery[] = []
    const clock = { now: NOW }
    const watched = createWatched({
      now: () => clock.now,
      onRefused: (delivery) => void refused.push(delivery),
      ...options,
    })
    return { ...watched, refused, clock }
  }

  test('gets the headers and the body that explainFailure needs', async () => {
    const { receiver, refused } = setUp()
    await receiver.fetch(toRequest(forged))
    const [{ headers, body, code } = expect.unreachable()] = refused
    expect(code).toBe('signature_invalid')
    await expect(
      explainFailure({ headers, body: body! }, { secrets: OTHER_SECRET, now: () => NOW }),
    ).resolves.toMatchObject({ reason: 'verified' })
  })

  test('gets neither cookies nor credentials', async () => {
    const { receiver, refused } = setUp()
    const headers = { ...forged.headers, cookie: 'a', authorization: 'b', 'content-type': 'c' }
    await receiver.receive({ ...forged, headers, remoteAddress: '10.0.0.1' })
    expect(refused).toEqual([
      expect.objectContaining({
        headers: { ...forged.headers, 'content-type': 'c' },
        remoteAddress: '10.0.0.1',
      }),
    ])
  })

  test('sees repeated headers as repeated', async () => {
    const { receiver, refused } = setUp()
    const headers = { ...forged.headers, 'webhook-id': ['a', 'b'] }
    await receiver.receive({ ...forged, headers })
    expect(refused).toMatchObject([{ code: 'header_duplicate', headers: { 'webhook-id': ['a', 'b'] } }])
  })

  test('has no body of a delivery that was refused before it was read', async () => {
    const { receiver, refused } = setUp()
    await receiver.receive(unread(withHeader('webhook-id', 'a.b')))
    expect(refused).toMatchObject([{ code: 'id_malformed', body: undefined }])
  })

  test('gets at most refusedPerSecond', async () => {
    const { receiver, refused, clock, signals } = setUp({ refusedPerSecond: 2 })
    for (let count = 0; count < 5; count++) await receiver.receive(forged)
    expect(refused).toHaveLength(2)
    clock.now += 1_000
    for (let count = 0; count < 5; count++) await receiver.receive(forged)
    expect(refused).toHaveLength(4)
    expect(signals).toHaveLength(10)
  })

  test('may fail without consequences', async () => {
    const { receiver } = setUp({
      onRefused() {
        throw new Error('broken')
      },
    })
    await expect(receiver.receive(forged)).resolves.toMatchObject({ status: 401 })
  })
})

describe('explain', () => {
  const explained = (signals: readonly ReceiverSignal[]) =>
    signals.filter((signal) => signal.type === 'explained')

  test('says in words why a delivery was refused, and which secrets were tried', async () => {
    const { receiver, signals } = createWatched({
      static: { secrets: [SECRET, OTHER_SECRET] },
      explain: true,
    })
    const body = new TextEncoder().encode(` ${new TextDecoder().decode(forged.body)}\n`)
    await receiver.receive({ ...forged, body })
    await vi.waitFor(() => expect(explained(signals)).toHaveLength(1))
    expect(explained(signals)).toMatchObject([
      { unverified: { id: ID }, code: 'signature_invalid', tried: ['whsec_...czI=', 'whsec_...eXQ='] },
    ])
    expect(inspect(signals, { depth: null })).not.toContain(SECRET.slice(6, -4))
  })

  test('explains headers without a body', async () => {
    const { receiver, signals } = createWatched({ explain: true })
    await receiver.receive(unread(withHeader('webhook-id', 'a.b')))
    await vi.waitFor(() => expect(explained(signals)).toMatchObject([{ reason: 'headers' }]))
  })

  test('guesses nothing about a body that was not read', async () => {
    const { receiver, signals } = createWatched({ explain: true, refusedPerSecond: 9 })
    await receiver.receive(unread(withHeader('content-encoding', 'gzip')))
    await settle()
    expect(explained(signals)).toEqual([])
  })

  test('calls the function for secrets no more than the receiver itself does', async () => {
    const secrets = vi.fn(() => SECRET)
    const options = { static: { secrets }, explain: true, refusedPerSecond: 9 }
    const { receiver, signals } = createWatched(options)
    for (let count = 0; count < 5; count++) await receiver.receive(forged)
    await vi.waitFor(() => expect(explained(signals)).toHaveLength(5))
    expect(explained(signals)[4]).toMatchObject({ reason: 'wrong_key', tried: ['whsec_...czI='] })
    expect(secrets).toHaveBeenCalledTimes(1)
  })

  test('names a function for secrets that fails as the reason', async () => {
    const secrets = () => Promise.reject(new Error('vault is sealed'))
    const { receiver, signals } = createWatched({ static: { secrets }, explain: true })
    await receiver.receive(forged)
    await vi.waitFor(() => expect(explained(signals)).toMatchObject([{ reason: 'keys_unavailable' }]))
  })

  test('fetches the key set no more than the receiver itself does', async () => {
    const fetch = vi.fn(async () => Response.json(JWKS))
    const dynamic = { allowAnyJob: true as const, jwks: 'https://keys.example/jwks.json' }
    const options = { static: undefined as never, dynamic, fetch, explain: true, refusedPerSecond: 9 }
    const { receiver, signals } = createWatched(options)
    for (let count = 0; count < 5; count++)
      await receiver.receive({ ...dynamicDelivery(), body: new Uint8Array(3) })
    await vi.waitFor(() => expect(explained(signals)).toHaveLength(5))
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('is printed without an observer', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { receiver } = createWatched({ explain: true, observer: undefined as never })
    await receiver.receive(forged)
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1))
    expect(String(warn.mock.calls[0])).toMatch(/^explained .*wrong_key .*Tried: whsec_\.\.\..{4}$/)
    warn.mockRestore()
  })

  test('is off by default', async () => {
    const { receiver, signals } = createWatched()
    await receiver.receive(forged)
    await settle()
    expect(signals.map(({ type }) => type)).toEqual(['refused'])
  })
})
