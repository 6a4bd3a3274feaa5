import type { ReceiverOptions } from '@gwh/core'
import { createJwks } from '@gwh/core/jwks'
import { describe, expect, test } from 'vitest'
import { refuse } from '../src/lib/shared/refusal.ts'
import { JWKS_URL, toJwksResponse } from './jwks-server.ts'
import {
  createFakeClock,
  createWatched,
  type Delivery,
  type DeliveryParts,
  dynamicDelivery,
  JWKS,
  NOW,
  OTHER_SECRET,
  staticDelivery,
} from './support.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const UNAUTHORIZED = { status: 401, body: '{"error":"unauthorized"}' }

/** A receiver whose time the test sets, and its signals about the clock. */
function setUp(options: Partial<ReceiverOptions> = {}) {
  const clock = { now: NOW }
  let sent = 0
  const { receiver, signals } = createWatched({
    dynamic: { allowAnyJob: true, jwks: JWKS },
    now: () => clock.now,
    ...options,
  })
  receiver.on('*', () => expect.unreachable())
  const suspicions = () =>
    signals.flatMap((signal) => (signal.type === 'clock_skew_suspected' ? [signal.seconds] : []))
  /** Sends what was signed `seconds` before now (or after it), then waits. */
  const send = async (
    seconds: number,
    sign: (parts: DeliveryParts) => Delivery = staticDelivery,
    waitMs = SECOND,
  ) => {
    const timestamp = Math.floor(clock.now / 1000) - seconds
    const answer = await receiver.receive(sign({ id: `msg_${sent++}`, timestamp }))
    clock.now += waitMs
    return answer
  }
  return { clock, receiver, signals, suspicions, send }
}

const toUnknownScheme = ({ headers, body }: Delivery): Delivery => ({
  headers: { ...headers, 'webhook-signature': headers['webhook-signature']!.replace('v1,', 'v9,') },
  body,
})
const forge = (parts: DeliveryParts) => staticDelivery(parts, OTHER_SECRET)

describe('five genuine deliveries from outside the window within a minute raise clock_skew_suspected', () => {
  test.each<[string, number, (parts: DeliveryParts) => Delivery]>([
    ['static ones, our clock ten minutes ahead', 600, staticDelivery],
    ['static ones, our clock ten minutes behind', -600, staticDelivery],
    ['static ones, a second past the window', 301, staticDelivery],
    ['dynamic ones, our clock an hour ahead', 3600, (parts) => dynamicDelivery(parts)],
    ['dynamic ones, our clock a second too far behind', -301, (parts) => dynamicDelivery(parts)],
  ])('%s', async (_, seconds, sign) => {
    const { suspicions, send } = setUp()
    for (let count = 0; count < 4; count++) await send(seconds, sign)
    expect(suspicions()).toEqual([])
    await send(seconds, sign)
    expect(suspicions()).toEqual([seconds])
  })

  test('and stay refused anyway', async () => {
    const { send, signals } = setUp()
    for (let count = 0; count < 6; count++) expect(await send(600)).toMatchObject(UNAUTHORIZED)
    for (let count = 0; count < 6; count++) expect(await send(-600)).toMatchObject(UNAUTHORIZED)
    const codes = signals.flatMap((signal) => (signal.type === 'refused' ? [signal.code] : []))
    expect(codes).toEqual([...Array(6).fill('timestamp_too_old'), ...Array(6).fill('timestamp_too_new')])
  })

  test('not when the first is a minute old', async () => {
    const { suspicions, send } = setUp()
    for (let count = 0; count < 10; count++) await send(600, staticDelivery, MINUTE / 4)
    expect(suspicions()).toEqual([])
  })

  test('once; then it takes five more', async () => {
    const { suspicions, send } = setUp()
    for (let count = 0; count < 9; count++) await send(600)
    expect(suspicions()).toEqual([600])
    await send(600)
    expect(suspicions()).toEqual([600, 600])
  })

  test('with the median skew, whatever was replayed among them', async () => {
    const { suspicions, send } = setUp()
    for (const seconds of [601, 86_400, 600, 86_400, 602]) await send(seconds)
    expect(suspicions()).toEqual([602])
  })
})

describe('nothing else raises the signal', () => {
  test.each<[string, number, (parts: DeliveryParts) => Delivery]>([
    ['forged ones that are too old', 600, forge],
    ['forged ones that are too new', -600, forge],
    [
      'genuine ones whose body was changed',
      600,
      (parts) => ({ ...staticDelivery(parts), body: new Uint8Array() }),
    ],
    ['genuine ones of an unknown scheme', 600, (parts) => toUnknownScheme(staticDelivery(parts))],
    ['forged ones in time', 0, forge],
  ])('%s', async (_, seconds, sign) => {
    const { suspicions, send } = setUp()
    for (let count = 0; count < 30; count++) expect(await send(seconds, sign)).toMatchObject(UNAUTHORIZED)
    expect(suspicions()).toEqual([])
  })

  test('one captured delivery, sent again and again', async () => {
    const { suspicions, send } = setUp()
    const captured = staticDelivery({ timestamp: NOW / 1000 - 600 })
    for (let count = 0; count < 30; count++)
      expect(await send(600, () => captured)).toMatchObject(UNAUTHORIZED)
    expect(suspicions()).toEqual([])
  })

  test('stale ones whose body cannot be read', async () => {
    const { clock, receiver, suspicions } = setUp()
    const { headers } = staticDelivery({ timestamp: NOW / 1000 - 600 })
    for (let count = 0; count < 10; count++) {
      const body = async () => refuse('body_unreadable', 'gone')
      await expect(receiver.receive({ headers, body })).resolves.toMatchObject(UNAUTHORIZED)
      clock.now += SECOND
    }
    expect(suspicions()).toEqual([])
  })
})

describe('a flood of stale deliveries', () => {
  test('has at most one body read and verified per second', async () => {
    const { clock, receiver } = setUp()
    let reads = 0
    for (let count = 0; count < 1000; count++) {
      const { headers, body } = forge({ timestamp: Math.floor(clock.now / 1000) - 600 })
      const read = async () => {
        reads++
        return body
      }
      await expect(receiver.receive({ headers, body: read })).resolves.toMatchObject(UNAUTHORIZED)
      clock.now += 10
    }
    expect(reads).toBe(10)
  })

  test('does not use up the sample for those in time', async () => {
    const { receiver } = createWatched()
    for (let count = 0; count < 10; count++) {
      await receiver.receive(staticDelivery({ timestamp: NOW / 1000 - 600 }))
      await expect(receiver.receive(staticDelivery({ id: `fresh_${count}` }))).resolves.toMatchObject({
        status: 200,
      })
    }
  })
})

describe('the key set is never fetched for a stale delivery', () => {
  function setUpServed() {
    const jwksClock = createFakeClock()
    let fetches = 0
    const fetch = async () => {
      fetches++
      return toJwksResponse({ document: JWKS, maxAge: 86_400 })
    }
    const jwks = createJwks(JWKS_URL, { clock: jwksClock, fetch })
    return { fetches: () => fetches, jwks, jwksClock, ...setUp({ dynamic: { allowAnyJob: true, jwks } }) }
  }
  const dynamic = (parts: DeliveryParts) => dynamicDelivery(parts)

  test('not when none is cached, so there is nothing to say about the clock', async () => {
    const { fetches, send, suspicions } = setUpServed()
    for (let count = 0; count < 10; count++) expect(await send(600, dynamic)).toMatchObject(UNAUTHORIZED)
    expect([fetches(), suspicions()]).toEqual([0, []])
  })

  test('not when none of the cached ones matches', async () => {
    const { fetches, jwks, jwksClock, send } = setUpServed()
    await jwks.keys()
    await jwksClock.advance(MINUTE)
    const forged = (parts: DeliveryParts) => ({ ...dynamicDelivery(parts), body: new Uint8Array([1]) })
    for (let count = 0; count < 60; count++) expect(await send(600, forged)).toMatchObject(UNAUTHORIZED)
    expect(fetches()).toBe(1)
  })

  test('and the cached keys are enough to detect a wrong clock', async () => {
    const { fetches, jwks, send, suspicions } = setUpServed()
    await jwks.keys()
    for (let count = 0; count < 5; count++) await send(600, dynamic)
    expect([fetches(), suspicions()]).toEqual([1, [600]])
  })
})
