import { createReceiver } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { describe, expect, test, vi } from 'vitest'
import { answerFor } from '../src/lib/http/answer.ts'
import type { BodyLimits } from '../src/lib/http/body-limits.ts'
import type { Refusal } from '../src/lib/shared/refusal.ts'
import {
  createFakeClock,
  createWatched,
  dynamicDelivery,
  JWKS,
  NOW,
  SECRET,
  settle,
  staticDelivery,
  toRequest,
} from './support.ts'

describe('an overloaded receiver', () => {
  test('answers 503 with Retry-After before it reads the body', async () => {
    const queue = { ...createMemoryQueue(), isFull: () => true }
    const receiver = createReceiver({ static: { secrets: SECRET }, queue, now: () => NOW })
    const { headers } = staticDelivery()
    let read = false
    const answer = await receiver.receive({
      headers,
      async body() {
        read = true
        return new Uint8Array()
      },
    })
    expect(answer).toMatchObject({ status: 503, body: '{"error":"overloaded"}' })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(30)
    expect(read).toBe(false)
  })

  test('says why the queue is full, and warns of it once a minute', async () => {
    let full: boolean
    const reason = 'the disk has less than 5 bytes free'
    const queue = { ...createMemoryQueue(), isFull: () => full, whyFull: () => reason }
    const clock = createFakeClock(NOW)
    const { receiver, signals } = createWatched({ queue, clock })
    const send = async () => await receiver.receive(staticDelivery({ id: crypto.randomUUID() }))
    for (full of [true, true, false, true]) await send()
    await clock.advance(60_000)
    for (full of [true, false, true]) await send()
    expect(signals.find(({ type }) => type === 'refused')).toMatchObject({
      code: 'overloaded',
      message: `the queue is full: ${reason}`,
    })
    const message = expect.stringContaining(reason)
    expect(signals.filter((signal) => 'code' in signal && signal.code === 'queue_full')).toEqual([
      { type: 'warning', code: 'queue_full', message },
      { type: 'warning', code: 'queue_full', message },
    ])
  })

  test.each([
    ['rejects', () => Promise.reject(new Error('reset'))],
    [
      'throws',
      () => {
        throw new Error('reset')
      },
    ],
  ])('counts no body whose reader %s', async (_, fail) => {
    const clock = createFakeClock(NOW)
    const { receiver } = createWatched({ clock, maxConcurrentBodies: 1 })
    const { headers, body } = staticDelivery()
    await expect(receiver.receive({ headers, body: fail })).resolves.toMatchObject({ status: 500 })
    const slow = receiver.receive({
      headers,
      body: ({ watch }) =>
        new Promise((resolve) => {
          watch?.(resolve)
          clock.schedule(() => resolve(body), 900)
        }),
    })
    await clock.advance(900)
    await expect(slow).resolves.toMatchObject({ status: 200 })
  })

  test('asks each sender to wait for a different time, between 30 and 120 seconds', () => {
    const times = [0, 0.5, 1].map((random) => answerFor('overloaded', () => random).headers['retry-after'])
    expect(times).toEqual(['30', '75', '120'])
  })

  test('counts a delivery until its answer, accepted or refused', async () => {
    const receiver = createReceiver({ static: { secrets: SECRET }, now: () => NOW, maxConcurrentBodies: 1 })
    const forged = { ...staticDelivery(), body: new Uint8Array(3) }
    for (const delivery of [forged, staticDelivery(), forged, staticDelivery()])
      await receiver.receive(delivery)
    expect((await receiver.receive(staticDelivery())).status).toBe(200)
  })

  test('ends a body that sends nothing when there are too many, and goes on accepting', async () => {
    const clock = createFakeClock(NOW)
    const receiver = createReceiver({ static: { secrets: SECRET }, clock, maxConcurrentBodies: 1 })
    const { headers } = staticDelivery()
    const idle = receiver.receive({ headers, body: readIdly })
    receiver.receive({ headers, body: readIdly })
    expect((await receiver.receive(staticDelivery())).status).toBe(200)
    await clock.advance(250)
    await expect(idle).resolves.toMatchObject({ status: 503, body: '{"error":"overloaded"}' })
  })

  test('accepts 1,000 deliveries of one address that begin in one turn', async () => {
    const receiver = createReceiver({ static: { secrets: SECRET }, clock: createFakeClock(NOW) })
    const deliveries = Array.from({ length: 500 }, (_, id) => staticDelivery({ id: `msg_${id}` }))
    const context = { remoteAddress: '10.0.0.1' }
    const answers = await Promise.all([
      ...deliveries.map((delivery) => receiver.fetch(toRequest(delivery), context)),
      ...deliveries.map((_, id) =>
        receiver.receive({ ...staticDelivery({ id: `other_${id}` }), ...context }),
      ),
    ])
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  })

  test('limits each address, from the delivery or clientAddress', async () => {
    const clientAddress = ({ headers }: { headers: object }) => Object(headers)['x-real-ip']
    for (const [options, place] of [
      [{}, 'remoteAddress'],
      [{ clientAddress }, 'x-real-ip'],
    ] as const) {
      const limits = { maxConcurrentBodies: 9, maxBodiesPerAddress: 1, ...options }
      const clock = createFakeClock(NOW)
      const receiver = createReceiver({ static: { secrets: SECRET }, clock, ...limits })
      const send = (address: string) => {
        const { headers } = staticDelivery()
        const from = place === 'remoteAddress' ? { remoteAddress: address } : { remoteAddress: '10.9.9.9' }
        return receiver.receive({ headers: { ...headers, 'x-real-ip': address }, body: readIdly, ...from })
      }
      const other = vi.fn()
      send('10.0.0.2').then(other)
      const first = send('10.0.0.1')
      send('10.0.0.1')
      await clock.advance(250)
      await expect(first).resolves.toMatchObject({ status: 503 })
      await settle()
      expect(other).not.toHaveBeenCalled()
    }
  })
})

/** Reads a body that never sends a byte. */
async function readIdly({ watch }: BodyLimits): Promise<Refusal> {
  return await new Promise((resolve) => watch!(resolve))
}

describe('bodies that wait for the key set', () => {
  test('count as in flight, all of them together', async () => {
    const keys = Promise.withResolvers<Response>()
    const jwks = 'https://keys.example/jwks.json'
    const receiver = createReceiver({
      static: { secrets: SECRET },
      dynamic: { allowAnyJob: true, jwks },
      fetch: async () => await keys.promise,
      now: () => NOW,
      maxBodyBytes: 1_000,
      maxBytesInFlight: 4_000,
    })
    const answers: number[] = []
    const waiting = Array.from({ length: 10 }, async (_, id) => {
      const answer = await receiver.receive(dynamicDelivery({ id: `msg_${id}`, body: new Uint8Array(1_000) }))
      answers.push(answer.status)
    })
    await settle()
    expect(answers).toEqual(Array(6).fill(503))
    keys.resolve(Response.json(JWKS))
    await Promise.all(waiting)
    expect(answers.slice(6)).toEqual([200, 200, 200, 200])
    expect((await receiver.receive(staticDelivery({ body: ' '.repeat(1_000) }))).status).toBe(200)
  })

  test('take up no place of a body that is being read', async () => {
    const receiver = createReceiver({
      static: { secrets: SECRET },
      dynamic: { allowAnyJob: true, jwks: 'https://keys.example/jwks.json' },
      fetch: () => new Promise(() => {}),
      now: () => NOW,
      maxConcurrentBodies: 2,
    })
    for (let count = 0; count < 9; count++) receiver.receive(dynamicDelivery())
    await settle()
    expect((await receiver.receive(staticDelivery())).status).toBe(200)
  })
})

describe('a stale delivery that is read to judge the clock', () => {
  test('is read within the limits, and ended like any other', async () => {
    const clock = createFakeClock(NOW)
    const receiver = createReceiver({ static: { secrets: SECRET }, clock, maxConcurrentBodies: 1 })
    const { headers } = staticDelivery({ timestamp: NOW / 1000 - 600 })
    const stale = receiver.receive({ headers, body: readIdly })
    receiver.receive({ headers: staticDelivery().headers, body: readIdly })
    await clock.advance(250)
    expect((await receiver.receive(staticDelivery())).status).toBe(200)
    await expect(stale).resolves.toMatchObject({ status: 401 })
  })
})
