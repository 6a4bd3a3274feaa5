import { describe, expect, test } from 'vitest'
import { createLimiter, type LimitedDelivery } from '../src/lib/receiver/limiter.ts'
import { isRefusal, type Refusal } from '../src/lib/shared/refusal.ts'
import { createFakeClock, NOW } from './support.ts'

const LIMITS = { maxConcurrentBodies: 3, maxBodiesPerAddress: 3, maxBytesInFlight: 100, maxLoopLagMs: 500 }
const OVERLOADED = { refused: 'overloaded', code: 'overloaded', status: 503 }
const IDLE = { ...OVERLOADED, message: expect.stringContaining('this one made no progress') }
const SLOWEST = { ...OVERLOADED, message: expect.stringContaining('the slowest') }

/** A limiter on a clock of its own; `read` starts one body and tracks whether it is ended. */
function setUp(limits: Partial<typeof LIMITS> = {}, whyFull: () => string | undefined = () => undefined) {
  const clock = createFakeClock(NOW)
  const limiter = createLimiter({ ...LIMITS, ...limits }, clock, whyFull)
  const read = (address?: string) => {
    const limited = limiter.enter(address)
    if (isRefusal(limited)) throw new Error(limited.message)
    let ended: Refusal | undefined
    const count = limited.watch((refusal) => {
      ended = refusal
    })
    return { ...limited, count, ended: () => ended }
  }
  return { clock, limiter, read }
}

/** A limiter whose timers the test fires, so that they may be late or lost. */
function setUpStalled(limits: Partial<typeof LIMITS>) {
  const timers: (() => void)[] = []
  const clock = {
    time: NOW,
    now: () => clock.time,
    schedule(task: () => void) {
      timers.push(task)
      return () => {}
    },
  }
  const given = { ...LIMITS, maxLoopLagMs: Number.POSITIVE_INFINITY, ...limits }
  return { clock, timers, limiter: createLimiter(given, clock, () => undefined) }
}

describe('the limiter, with too many bodies', () => {
  test('ends those of which nothing arrives for 250 ms, the longest idle first', async () => {
    const { clock, read } = setUp()
    const bodies = [read(), read(), read()]
    await clock.advance(100)
    bodies[0]!.count(1)
    read()
    await clock.advance(249)
    expect(bodies.map((body) => body.ended())).toEqual([undefined, undefined, undefined])
    await clock.advance(1)
    expect(bodies.map((body) => body.ended())).toEqual([undefined, IDLE, undefined])
  })

  test('ends a body that stops later, although no new one enters', async () => {
    const { clock, read } = setUp({ maxConcurrentBodies: 1 })
    const bodies = [read(), read()]
    await clock.advance(100)
    for (const body of bodies) body.count(1)
    await clock.advance(150)
    expect(bodies.map((body) => body.ended())).toEqual([undefined, undefined])
    await clock.advance(250)
    expect(bodies.map((body) => body.ended())).toEqual([IDLE, undefined])
  })

  test('never ends a body that goes on arriving, however slowly', async () => {
    const { clock, read } = setUp({ maxConcurrentBodies: 1 })
    const bodies = Array.from({ length: 9 }, () => read())
    for (let step = 0; step < 10; step++) {
      await clock.advance(200)
      for (const body of bodies.slice(1)) body.count(1)
    }
    expect(bodies.map((body) => body.ended() !== undefined)).toEqual([true, ...Array(8).fill(false)])
  })

  test('never ends a body in two parts, 240 ms apart, while idle ones are opened again at once', async () => {
    const { clock, read } = setUp()
    const good = []
    let idle = Array.from({ length: 300 }, () => read())
    for (let step = 0; step < 200; step++) {
      const body = read()
      body.count(1)
      good.push(body)
      await clock.advance(10)
      idle = idle.map((one) => (one.ended() ? read() : one))
      const later = good[step - 23]
      later?.count(1)
      later?.complete(2)
      later?.leave()
    }
    expect(good.filter((body) => body.ended())).toEqual([])
  })

  test('never ends bodies that are there already, however many start in one turn', async () => {
    const { clock, limiter } = setUp()
    const bodies = Array.from({ length: 1_000 }, () => limiter.enter('10.0.0.1') as LimitedDelivery)
    await clock.advance(1_000)
    expect(bodies.map((body) => body.complete(0))).toEqual(Array(1_000).fill(undefined))
  })

  test('looks again after a stall, because bytes may have arrived meanwhile', async () => {
    const { clock, timers, limiter } = setUpStalled({ maxConcurrentBodies: 1 })
    const ended: string[] = []
    const read = (name: string) => (limiter.enter(undefined) as LimitedDelivery).watch(() => ended.push(name))
    const count = read('arrived meanwhile')
    read('idle')
    clock.time += 5_000
    timers.shift()!()
    expect(ended).toEqual([])
    count(1)
    clock.time += 100
    timers.shift()!()
    expect(ended).toEqual(['idle'])
  })

  test('plans again when a timer is lost, as on Cloudflare Workers', async () => {
    const { clock, timers, limiter } = setUpStalled({ maxConcurrentBodies: 1 })
    const enter = () => (limiter.enter(undefined) as LimitedDelivery).watch(() => {})
    enter()
    enter()
    enter()
    expect(timers).toHaveLength(1)
    clock.time += 2_000
    enter()
    expect(timers).toHaveLength(2)
  })

  test('ends nothing when one has left before', async () => {
    const { clock, read } = setUp()
    const bodies = [read(), read(), read()]
    bodies[1]!.leave()
    bodies[1]!.leave()
    read()
    await clock.advance(1_000)
    expect(bodies.map((body) => body.ended())).toEqual([undefined, undefined, undefined])
  })

  test('never ends a body that is complete: its keys may be all it waits for', async () => {
    const { clock, read } = setUp({ maxConcurrentBodies: 1 })
    const complete = read()
    expect(complete.complete(1)).toBeUndefined()
    for (let count = 0; count < 5; count++) read()
    await clock.advance(1_000)
    expect(complete.ended()).toBeUndefined()
  })
})

describe('the limiter, full of bytes', () => {
  test('takes exactly as many as it may', () => {
    const { read } = setUp()
    const body = read()
    body.count(100)
    expect(body.ended()).toBeUndefined()
    body.count(1)
    expect(body.ended()).toEqual(SLOWEST)
  })

  test('ends the slowest body, not the one whose byte was too many', async () => {
    const { clock, read } = setUp()
    const stopped = read()
    stopped.count(90)
    await clock.advance(500)
    const body = read()
    body.count(11)
    expect([stopped.ended(), body.ended()]).toEqual([SLOWEST, undefined])
    body.count(89)
    expect(body.ended()).toBeUndefined()
  })

  test('never ends a body without bytes, which would free nothing', () => {
    const { read } = setUp()
    const idle = read()
    const body = read()
    body.count(101)
    expect([idle.ended(), body.ended()]).toEqual([undefined, SLOWEST])
  })

  test('ends a body that came fast and stopped, not a new one', async () => {
    const { clock, read } = setUp({ maxBytesInFlight: 500_010 })
    const stopped = read()
    stopped.count(500_000)
    await clock.advance(400)
    const body = read()
    body.count(11)
    expect([stopped.ended(), body.ended()]).toEqual([SLOWEST, undefined])
  })

  test('counts nothing for a body that has not arrived', () => {
    const { read } = setUp({ maxConcurrentBodies: 99, maxBodiesPerAddress: 99 })
    const bodies = Array.from({ length: 99 }, () => read())
    bodies[0]!.count(100)
    expect(bodies.filter((body) => body.ended())).toEqual([])
  })

  test('keeps counting complete bodies until they leave', () => {
    const { read } = setUp()
    const waiting = read()
    expect(waiting.complete(99)).toBeUndefined()
    expect(read().complete(2)).toEqual(SLOWEST)
    waiting.leave()
    waiting.leave()
    expect(read().complete(100)).toBeUndefined()
  })

  test('forgets a body that has left, however much of it still arrives', () => {
    const { read } = setUp()
    const gone = read()
    gone.leave()
    gone.count(1000)
    expect(read().complete(100)).toBeUndefined()
  })
})

describe('the limiter, for one address', () => {
  const limits = { maxConcurrentBodies: 4, maxBodiesPerAddress: 2 }

  test('ends idle bodies of that address and of no other', async () => {
    const { clock, read } = setUp(limits)
    const other = read('10.0.0.9')
    const [first, second, third] = [read('10.0.0.1'), read('10.0.0.1'), read('10.0.0.1')]
    await clock.advance(250)
    const ended = [other, first, second, third].map((body) => body.ended())
    expect(ended).toEqual([undefined, IDLE, undefined, undefined])
  })

  test('ends none when one has left or was completed', async () => {
    const { clock, read } = setUp(limits)
    read('10.0.0.1').leave()
    read('10.0.0.1').complete(1)
    read('10.0.0.1').leave()
    const [first, second] = [read('10.0.0.1'), read('10.0.0.1')]
    await clock.advance(250)
    expect([first.ended(), second.ended()]).toEqual([undefined, undefined])
  })

  test('does not bound bodies whose address is unknown', async () => {
    const { clock, read } = setUp(limits)
    const bodies = [read(), read(), read(), read()]
    await clock.advance(250)
    expect(bodies.filter((body) => body.ended())).toEqual([])
  })
})

describe('the limiter refuses', () => {
  test('while what comes after it is full', () => {
    let full: string | undefined = 'the queue is full'
    const { limiter } = setUp({}, () => full)
    expect(limiter.enter(undefined)).toMatchObject({ refused: 'overloaded', message: full })
    full = undefined
    expect(limiter.enter(undefined)).not.toHaveProperty('refused')
  })

  test('while the event loop is later than it may be, and no longer when it is on time again', () => {
    const { clock, timers, limiter } = setUpStalled({ maxConcurrentBodies: 9, maxLoopLagMs: 500 })
    expect(limiter.enter(undefined)).not.toHaveProperty('refused')
    clock.time += 20 + 501
    expect(limiter.enter(undefined)).toMatchObject({ refused: 'overloaded' })
    timers.shift()!()
    expect(limiter.enter(undefined)).toMatchObject({ refused: 'overloaded' })
    clock.time += 20
    timers.shift()!()
    expect(limiter.enter(undefined)).not.toHaveProperty('refused')
  })
})
