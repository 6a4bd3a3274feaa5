import { createReceiver } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import { answerFor } from '../src/lib/http/answer.ts'
import { createLimiter } from '../src/lib/receiver/limiter.ts'
import { createFakeClock, NOW, SECRET, staticDelivery } from './support.ts'

const LIMITS = { maxConcurrentBodies: 2, maxBytesInFlight: 100, maxLoopLagMs: 500 }
const open = () => false

describe('the limiter', () => {
  test('takes as many bodies as it may, and another when one has left', () => {
    const limiter = createLimiter(LIMITS, createFakeClock(NOW), open)
    expect([limiter.enter(1), limiter.enter(1), limiter.enter(1)?.refused]).toEqual([
      undefined,
      undefined,
      'overloaded',
    ])
    limiter.leave(1)
    expect(limiter.enter(1)).toBeUndefined()
  })

  test('takes exactly as many bytes as it may', () => {
    const limiter = createLimiter(LIMITS, createFakeClock(NOW), open)
    expect(limiter.enter(100)).toBeUndefined()
    expect(limiter.enter(1)?.refused).toBe('overloaded')
    limiter.leave(100)
    expect(limiter.enter(101)?.refused).toBe('overloaded')
  })

  test('is closed while what comes after it is full', () => {
    let full = true
    const limiter = createLimiter(LIMITS, createFakeClock(NOW), () => full)
    expect(limiter.enter(1)?.refused).toBe('overloaded')
    full = false
    expect(limiter.enter(1)).toBeUndefined()
  })

  test('is closed while the event loop is later than it may be, and opens when it is on time again', () => {
    let now = NOW
    const timers: (() => void)[] = []
    const clock = {
      now: () => now,
      schedule(task: () => void) {
        timers.push(task)
        return () => {}
      },
    }
    const limiter = createLimiter({ ...LIMITS, maxConcurrentBodies: 9 }, clock, open)
    expect(limiter.enter(1)).toBeUndefined()
    now += 20 + 501
    expect(limiter.enter(1)?.refused).toBe('overloaded')
    timers.shift()!()
    expect(limiter.enter(1)?.refused).toBe('overloaded')
    now += 20
    timers.shift()!()
    expect(limiter.enter(1)).toBeUndefined()
  })
})

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

  test('tells each sender another time to come again, between 30 and 120 seconds', () => {
    const times = [0, 0.5, 1].map((random) => answerFor('overloaded', () => random).headers['retry-after'])
    expect(times).toEqual(['30', '75', '120'])
  })

  test('has room again after every delivery, accepted or refused', async () => {
    const receiver = createReceiver({ static: { secrets: SECRET }, now: () => NOW, maxConcurrentBodies: 1 })
    const forged = { ...staticDelivery(), body: new Uint8Array(3) }
    for (const delivery of [forged, staticDelivery(), forged, staticDelivery()])
      await receiver.receive(delivery)
    expect((await receiver.receive(staticDelivery())).status).toBe(200)
  })
})
