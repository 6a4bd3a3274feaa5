import { runInNewContext } from 'node:vm'
import { createMemoryStore, PermanentError } from '@gwh/core'
import type { IdempotencyStore } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import {
  createFakeClock,
  createWatched,
  dynamicDelivery,
  ID,
  JWKS,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  settle,
  staticDelivery,
  toRequest,
} from './support.ts'

const ACCEPTED = { status: 200, body: '{"status":"accepted"}' }
const DUPLICATE = { status: 200, body: '{"status":"duplicate"}' }
const FAILED = { status: 500, body: '{"error":"handler_failed"}' }
const typesOf = (signals: { type: string }[]) => signals.map(({ type }) => type)

describe('a verified delivery', () => {
  test('is handled, then accepted', async () => {
    const { receiver, signals } = createWatched()
    const seen: unknown[] = []
    receiver.on('batch.succeeded', (event, context) => seen.push([event.id, event.data.file, context]))
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    const delivery = { id: ID, timestamp: NOW_SECONDS, scheme: 'static', keyId: 'whsec_...czI=' }
    const key = expect.stringMatching(/^[0-9a-f]{64}$/)
    const context = { delivery, attempt: 1, key, signal: expect.any(AbortSignal) }
    expect(seen).toEqual([['batches/one', 'files/batch-one', context]])
    expect(typesOf(signals)).toEqual(['handled', 'accepted'])
  })

  test('that no handler matches is unhandled, then accepted', async () => {
    const { receiver, signals } = createWatched()
    receiver.on('batch.failed', () => expect.unreachable())
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    receiver.onUnhandled(() => {})
    await receiver.receive(staticDelivery({ id: 'msg_2' }))
    expect(typesOf(signals)).toEqual(['unhandled', 'accepted', 'handled', 'accepted'])
  })

  test('is a duplicate the second time, whatever its timestamp, body or secret', async () => {
    const { receiver, signals } = createWatched({ static: { secrets: [OTHER_SECRET, SECRET] } })
    let handled = 0
    receiver.on('*', () => handled++)
    await receiver.receive(staticDelivery())
    for (const again of [
      staticDelivery(),
      staticDelivery({ timestamp: NOW_SECONDS + 60 }),
      staticDelivery({ body: { type: 'batch.failed', data: {} } }),
      staticDelivery({}, OTHER_SECRET),
    ]) {
      await expect(receiver.receive(again)).resolves.toMatchObject(DUPLICATE)
    }
    expect(handled).toBe(1)
    expect(typesOf(signals).slice(2)).toEqual(Array(4).fill('duplicate'))
  })

  test('is a different delivery at another endpoint, in one store', async () => {
    const store = createMemoryStore({ now: () => NOW })
    const keys = new Set<string>()
    for (const endpoint of ['a', 'b']) {
      const { receiver } = createWatched({ store, endpoint })
      receiver.on('*', (_, { key }) => keys.add(key))
      await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    }
    expect(keys.size).toBe(2)
  })

  test('waits for a handler that returns a promise of any realm, then runs the next one', async () => {
    const { receiver } = createWatched()
    // As in Jest, which runs tests in a realm of their own.
    const { promise, resolve } = runInNewContext('Promise.withResolvers()') as PromiseWithResolvers<void>
    const steps: string[] = []
    receiver.on('*', () => promise).on('*', () => steps.push('handled'))
    const answer = receiver.receive(staticDelivery()).then(() => steps.push('answered'))
    await settle()
    expect(steps).toEqual([])
    resolve()
    await answer
    expect(steps).toEqual(['handled', 'answered'])
  })

  test('is handled with a store that answers at once, and faults with one that throws at once', async () => {
    const completed: string[] = []
    const immediate = {
      claim: (key: string) => ({ status: 'claimed', key, token: '1', attempt: 1 }),
      complete: ({ key }: { key: string }) => completed.push(key) > 0,
    } as unknown as IdempotencyStore
    const { receiver } = createWatched({ store: immediate })
    receiver.on('*', () => {})
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    expect(completed).toHaveLength(1)
    const claim = () => {
      throw new Error('disk')
    }
    const broken = createWatched({ store: { ...immediate, claim } })
    await expect(broken.receiver.receive(staticDelivery())).resolves.toMatchObject({ status: 503 })
    expect(typesOf(broken.signals)).toEqual(['fault'])
  })

  test('of an unknown type is accepted, with or without onUnhandled', async () => {
    const { receiver } = createWatched()
    const delivery = (id: string) => staticDelivery({ id, body: { type: 'webhook.ping', data: {} } })
    await expect(receiver.receive(delivery('one'))).resolves.toMatchObject(ACCEPTED)
    const unhandled: string[] = []
    receiver.on('batch.*', () => expect.unreachable()).onUnhandled(({ type }) => unhandled.push(type))
    await expect(receiver.receive(delivery('two'))).resolves.toMatchObject(ACCEPTED)
    expect(unhandled).toEqual(['webhook.ping'])
  })

  test.each(['no JSON', '{"type":"x"}', '{"type":"x","data":{},"type":"y"}', '\ufeff{}'])(
    'of %j is accepted and dead, because a retry cannot help',
    async (body) => {
      const { receiver, signals } = createWatched()
      receiver.on('*', () => expect.unreachable()).onUnhandled(() => expect.unreachable())
      await expect(receiver.receive(staticDelivery({ body }))).resolves.toMatchObject(ACCEPTED)
      expect(signals).toMatchObject([
        { type: 'dead', reason: 'payload_invalid', attempt: 1, error: { code: 'payload_invalid' } },
      ])
      await expect(receiver.receive(staticDelivery({ body }))).resolves.toMatchObject(DUPLICATE)
    },
  )

  test('of a dynamic webhook says which key signed it', async () => {
    const { receiver } = createWatched({ dynamic: { allowAnyJob: true, jwks: JWKS } })
    let scheme: unknown
    receiver.on('*', (_, { delivery }) => {
      scheme = [delivery.scheme, delivery.keyId]
    })
    await receiver.receive(dynamicDelivery())
    expect(scheme).toEqual(['dynamic', 'test-ed-1'])
  })
})

describe('while one attempt is being handled', () => {
  test('another is in_flight, with the rest of the lease in Retry-After', async () => {
    const clock = createFakeClock()
    const { receiver, signals } = createWatched({ clock, now: clock.now })
    const { promise, resolve } = Promise.withResolvers<void>()
    receiver.on('*', () => promise)
    const first = receiver.receive(staticDelivery())
    await clock.advance(14_500)
    const second = await receiver.receive(staticDelivery())
    expect(second).toMatchObject({ status: 409, body: '{"error":"in_flight"}' })
    expect(second.headers['retry-after']).toBe('46')
    // It is not a duplicate: if the first attempt fails, the retry handles it.
    expect(signals).toMatchObject([{ type: 'in_flight', delivery: { id: ID } }])
    resolve()
    await expect(first).resolves.toMatchObject(ACCEPTED)
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(DUPLICATE)
  })

  test('of fifty concurrent attempts one is handled', async () => {
    const { receiver } = createWatched()
    let handled = 0
    receiver.on('*', async () => {
      handled++
      await settle()
    })
    const answers = await Promise.all(Array.from({ length: 50 }, () => receiver.receive(staticDelivery())))
    expect(handled).toBe(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
  })
})

describe('a handler that fails', () => {
  test('is answered 500, and runs again on the next attempt', async () => {
    const { receiver, signals } = createWatched()
    const attempts: number[] = []
    const error = new Error('not yet')
    receiver.on('*', (_, { attempt }) => {
      attempts.push(attempt)
      if (attempt < 3) throw error
    })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(FAILED)
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(FAILED)
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    expect(attempts).toEqual([1, 2, 3])
    expect(signals.slice(0, 2)).toMatchObject([
      { type: 'failed', attempt: 1, error },
      { type: 'failed', attempt: 2, error },
    ])
  })

  test('may throw anything without keeping its claim', async () => {
    const trap = () => expect.unreachable()
    const hostile = [undefined, null, new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap })]
    const { receiver } = createWatched()
    receiver.on('*', (_, { attempt }) => {
      if (attempt <= hostile.length) throw hostile[attempt - 1]
    })
    for (const _ of hostile) await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(FAILED)
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
  })

  test('keeps the handlers after it from running', async () => {
    const { receiver } = createWatched()
    const ran: string[] = []
    receiver
      .on('*', () => ran.push('first'))
      .on('*', () => Promise.reject(new Error('second')))
      .on('*', () => ran.push('third'))
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(FAILED)
    expect(ran).toEqual(['first'])
  })

  test('for the last time is accepted and dead, so that the sender never disables the endpoint', async () => {
    const { receiver, signals } = createWatched({ maxAttempts: 2 })
    receiver.on('*', () => Promise.reject(new Error('poison')))
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(FAILED)
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    expect(signals.at(-1)).toMatchObject({ type: 'dead', reason: 'attempts', attempt: 2 })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(DUPLICATE)
  })

  test('with a PermanentError is accepted and dead at once', async () => {
    const { receiver, signals } = createWatched()
    receiver.on('*', () => Promise.reject(new PermanentError('customer is gone')))
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    expect(signals).toMatchObject([{ type: 'dead', reason: 'handler_rejected', attempt: 1 }])
  })

  test('by killing its process is dead after maxAttempts leases', async () => {
    const clock = createFakeClock()
    const { receiver, signals } = createWatched({ clock, now: clock.now, maxAttempts: 2 })
    let runs = 0
    receiver.on('*', () => {
      runs++
      return new Promise(() => {})
    })
    for (let attempt = 1; attempt <= 2; attempt++) {
      const answer = receiver.receive(staticDelivery({ timestamp: Math.floor(clock.now() / 1000) }))
      await clock.advance(60_000)
      await expect(answer).resolves.toMatchObject({ status: 500 })
    }
    const third = receiver.receive(staticDelivery({ timestamp: Math.floor(clock.now() / 1000) }))
    await expect(third).resolves.toMatchObject(ACCEPTED)
    expect(runs).toBe(2)
    expect(signals.at(-1)).toMatchObject({ type: 'dead', reason: 'attempts' })
  })
})

describe('a store that fails', () => {
  const down = () => Promise.reject(new Error('disk full'))
  const store = createMemoryStore({ now: () => NOW })
  test.each<[string, Partial<IdempotencyStore>, number]>([
    ['to claim', { claim: down }, 0],
    [
      'to claim, by throwing at once',
      {
        claim: () => {
          throw new Error('closed')
        },
      },
      0,
    ],
    ['to complete', { complete: down }, 1],
  ])('%s is answered 503 with Retry-After, never 200', async (_, broken, runs) => {
    const { receiver, signals } = createWatched({ store: { ...store, ...broken } })
    let handled = 0
    receiver.on('*', () => handled++)
    const response = await receiver.fetch(toRequest(staticDelivery()))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.text()).toBe('{"error":"store_unavailable"}')
    expect(handled).toBe(runs)
    expect(signals.at(-1)).toMatchObject({ type: 'fault', code: 'store_unavailable' })
  })
})
