import { describe, expect, test } from 'vitest'
import { createLimiter, type LimitedDelivery } from '../src/lib/receiver/limiter.ts'
import { isRefusal, type Refusal } from '../src/lib/shared/refusal.ts'
import { createFakeClock, NOW } from './support.ts'

const LIMITS = { maxConcurrentBodies: 3, maxBodiesPerAddress: 3, maxBytesInFlight: 100, maxLoopLagMs: 500 }
const SLOWEST = { refused: 'overloaded', message: expect.stringContaining('the slowest') }

/** A limiter on a clock of its own; `read` starts one body and tracks whether it is ended. */
function setUp(limits: Partial<typeof LIMITS> = {}, isFull = () => false) {
  const clock = createFakeClock(NOW)
  const limiter = createLimiter({ ...LIMITS, ...limits }, clock, isFull)
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

describe('the limiter, full of bodies', () => {
  test('accepts one more and ends the slowest', async () => {
    const { clock, read } = setUp()
    const bodies = [read(), read(), read()]
    await clock.advance(100)
    bodies[0]!.count(20)
    bodies[1]!.count(10)
    bodies[2]!.count(30)
    const newcomer = read()
    expect(bodies.map((body) => body.ended())).toEqual([undefined, SLOWEST, undefined])
    expect(newcomer.ended()).toBeUndefined()
  })

  test('ends the oldest of several that have sent nothing', async () => {
    const { clock, read } = setUp()
    const bodies = [read(), read(), read()]
    await clock.advance(10)
    read()
    read()
    expect(bodies.map((body) => body.ended() !== undefined)).toEqual([true, true, false])
  })

  test('ends a body that came fast and stopped before a newcomer that has sent nothing yet', async () => {
    const { clock, read } = setUp({ maxConcurrentBodies: 2, maxBytesInFlight: 1_000_000 })
    const stopped = read()
    stopped.count(500_000)
    await clock.advance(400)
    const newcomer = read()
    read()
    expect([stopped.ended(), newcomer.ended()]).toEqual([SLOWEST, undefined])
  })

  test('ends a trickling body before a newcomer that has sent nothing yet', async () => {
    const { clock, read } = setUp({ maxConcurrentBodies: 2 })
    const trickle = read()
    for (let step = 0; step < 10; step++) {
      await clock.advance(20)
      trickle.count(1)
    }
    const newcomer = read()
    read()
    expect([trickle.ended(), newcomer.ended()]).toEqual([SLOWEST, undefined])
  })

  test('ends nothing when one has left before', () => {
    const { read } = setUp()
    const bodies = [read(), read(), read()]
    bodies[1]!.leave()
    bodies[1]!.leave()
    read()
    expect(bodies.map((body) => body.ended())).toEqual([undefined, undefined, undefined])
  })

  test('never ends a body that is complete: its keys may be all it waits for', () => {
    const { read } = setUp({ maxConcurrentBodies: 1 })
    const complete = read()
    expect(complete.complete(1)).toBeUndefined()
    for (let count = 0; count < 5; count++) read()
    expect(complete.ended()).toBeUndefined()
  })

  test('refuses the body of a reader that cannot be stopped once it is read', () => {
    const { limiter, read } = setUp({ maxConcurrentBodies: 1 })
    const unwatched = limiter.enter(undefined) as LimitedDelivery
    read()
    expect(unwatched.complete(1)).toEqual(SLOWEST)
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

  test('ends the slowest body of that address and no other', () => {
    const { read } = setUp(limits)
    const other = read('10.0.0.9')
    const [first, second, third] = [read('10.0.0.1'), read('10.0.0.1'), read('10.0.0.1')]
    expect([other, first, second, third].map((body) => body.ended())).toEqual([
      undefined,
      expect.objectContaining({ message: expect.stringContaining('of this address') }),
      undefined,
      undefined,
    ])
  })

  test('accepts one more when one has left, was completed or was ended', () => {
    const { read } = setUp(limits)
    read('10.0.0.1').leave()
    read('10.0.0.1').complete(1)
    read('10.0.0.1').leave()
    const [first, second] = [read('10.0.0.1'), read('10.0.0.1')]
    expect([first.ended(), second.ended()]).toEqual([undefined, undefined])
  })

  test('does not bound bodies whose address is unknown', () => {
    const { read } = setUp(limits)
    const bodies = [read(), read(), read(), read()]
    expect(bodies.filter((body) => body.ended())).toEqual([])
  })
})

describe('the limiter refuses', () => {
  test('while what comes after it is full', () => {
    let full = true
    const { limiter } = setUp({}, () => full)
    expect(limiter.enter(undefined)).toMatchObject({ refused: 'overloaded' })
    full = false
    expect(limiter.enter(undefined)).not.toHaveProperty('refused')
  })

  test('while the event loop is later than it may be, and no longer when it is on time again', () => {
    let now = NOW
    const timers: (() => void)[] = []
    const clock = {
      now: () => now,
      schedule(task: () => void) {
        timers.push(task)
        return () => {}
      },
    }
    const limiter = createLimiter({ ...LIMITS, maxConcurrentBodies: 9 }, clock, () => false)
    expect(limiter.enter(undefined)).not.toHaveProperty('refused')
    now += 20 + 501
    expect(limiter.enter(undefined)).toMatchObject({ refused: 'overloaded' })
    timers.shift()!()
    expect(limiter.enter(undefined)).toMatchObject({ refused: 'overloaded' })
    now += 20
    timers.shift()!()
    expect(limiter.enter(undefined)).not.toHaveProperty('refused')
  })
})
