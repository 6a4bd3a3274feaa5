import { type BodyLimits, createBodyCollector } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { checkBodyHeaders } from '../src/lib/http/body.ts'
import { refuse } from '../src/lib/shared/refusal.ts'
import { createFakeClock } from './support.ts'

const LIMITS = { maxBytes: 4, timeoutMs: 1000 }

describe('a collector', () => {
  test('puts chunks together in order, up to the limit', async () => {
    const collector = createBodyCollector(LIMITS)
    expect(collector.push(new Uint8Array([1]))).toBe(true)
    expect(collector.push(new Uint8Array())).toBe(true)
    expect(collector.push(new Uint8Array([2, 3, 4]))).toBe(true)
    collector.end()
    await expect(collector.result).resolves.toEqual(new Uint8Array([1, 2, 3, 4]))
  })

  test('of nothing is an empty body', async () => {
    const collector = createBodyCollector(LIMITS)
    collector.end()
    await expect(collector.result).resolves.toEqual(new Uint8Array())
  })

  test.each([[[5]], [[4, 1]], [[1, 1, 1, 1, 1]], [[0, 1000, 1]]])(
    'reports at once when chunks of %j bytes are too many, and does not change its mind',
    async (sizes) => {
      const collector = createBodyCollector(LIMITS)
      const verdicts = sizes.map((size) => collector.push(new Uint8Array(size)))
      expect(verdicts).toContain(false)
      collector.end()
      collector.fail()
      await expect(collector.result).resolves.toMatchObject({ refused: 'body_too_large' })
    },
  )

  test('reports when the sender disconnects', async () => {
    const collector = createBodyCollector(LIMITS)
    collector.push(new Uint8Array([1]))
    collector.fail()
    collector.end()
    await expect(collector.result).resolves.toMatchObject({ refused: 'body_unreadable' })
  })

  test('reports when the time is up, however busy the sender is', async () => {
    const clock = createFakeClock()
    const collector = createBodyCollector({ maxBytes: 100, timeoutMs: 1000 }, clock)
    for (let byte = 0; byte < 10; byte++) {
      collector.push(new Uint8Array([byte]))
      await clock.advance(100)
    }
    collector.end()
    await expect(collector.result).resolves.toMatchObject({ refused: 'body_timeout' })
  })

  describe('that requires progress', () => {
    const slow = { maxBytes: 1e6, timeoutMs: 10_000, idleMs: 1_000, minBytesPerSecond: 100 }

    /** Sends `bytes` every `everyMs` for as long as `forMs`, and says when and why that ended, if it did. */
    async function send(bytes: number, everyMs: number, forMs: number) {
      const clock = createFakeClock(0)
      const collector = createBodyCollector(slow, clock)
      let outcome: unknown
      collector.result.then((result) => {
        outcome = { ...result, at: clock.now() }
      })
      for (let sent = 0; sent < forMs && !outcome; sent += everyMs) {
        collector.push(new Uint8Array(bytes))
        await clock.advance(everyMs)
      }
      return outcome
    }

    test('ends a body after a second without a byte', async () => {
      expect(await send(1_000, 5_000, 5_000)).toMatchObject({ refused: 'body_timeout', at: 1_000 })
    })

    test('ends a trickle at its first check, after a second', async () => {
      expect(await send(9, 100, 5_000)).toMatchObject({
        message: 'the body arrived at less than 100 bytes per second',
        at: 1_000,
      })
    })

    test('ends a body that starts fast and then trickles', async () => {
      expect(await send(1, 1, 5_000)).toBeUndefined()
      const clock = createFakeClock(0)
      const collector = createBodyCollector(slow, clock)
      collector.push(new Uint8Array(250))
      for (let step = 0; step < 10; step++) {
        await clock.advance(400)
        collector.push(new Uint8Array(1))
      }
      await expect(collector.result).resolves.toMatchObject({ refused: 'body_timeout' })
    })

    test('accepts one with shorter pauses at exactly the required rate', async () => {
      expect(await send(100, 999, 9_000)).toBeUndefined()
    })

    test('accepts any rate in the first second', async () => {
      const clock = createFakeClock(0)
      const collector = createBodyCollector(slow, clock)
      collector.push(new Uint8Array(1))
      await clock.advance(999)
      collector.end()
      await expect(collector.result).resolves.toEqual(new Uint8Array(1))
    })

    test('does not blame the sender for a process that was busy', async () => {
      let now = 0
      const tasks: (() => void)[] = []
      const clock = {
        now: () => now,
        schedule(task: () => void) {
          tasks.push(task)
          return () => {}
        },
      }
      const collector = createBodyCollector(slow, clock)
      now = 3_000
      tasks.shift()!()
      collector.push(new Uint8Array(500))
      now = 3_100
      tasks.shift()!()
      collector.end()
      await expect(collector.result).resolves.toEqual(new Uint8Array(500))
    })

    test('keeps its limits when the clock is set back', async () => {
      let now = 0
      const delays: number[] = []
      const tasks: (() => void)[] = []
      const clock = {
        now: () => now,
        schedule(task: () => void, delayMs: number) {
          tasks.push(task)
          delays.push(delayMs)
          return () => {}
        },
      }
      createBodyCollector(slow, clock)
      now = -1e9
      tasks.shift()!()
      expect(delays).toEqual([1_000, 1_000])
    })
  })

  describe('of a body that is declared shorter than a second may bring', () => {
    const limits = { maxBytes: 1e6, timeoutMs: 10_000, idleMs: 2_000, minBytesPerSecond: 100 }

    test.each([
      ['ends it when it is not complete by the first check, however it arrives', 100, 2_000],
      ['follows a longer one', 101, 3_000],
    ])('%s', async (_, declaredLength, endedAt) => {
      const clock = createFakeClock(0)
      const collector = createBodyCollector(limits, clock, declaredLength)
      let ended: unknown
      collector.result.then((outcome) => {
        ended = { ...outcome, at: clock.now() }
      })
      collector.push(new Uint8Array(900))
      await clock.advance(1_000)
      collector.push(new Uint8Array(9))
      await clock.advance(5_000)
      expect(ended).toMatchObject({ refused: 'body_timeout', at: endedAt })
    })

    test('sets no timer of its own', () => {
      const clock = createFakeClock(0)
      let timers = 0
      const counted = {
        ...clock,
        schedule(task: () => void, delayMs: number) {
          timers++
          return clock.schedule(task, delayMs)
        },
      }
      for (let index = 0; index < 100; index++) createBodyCollector(limits, counted, 100).end()
      expect(timers).toBe(1)
    })
  })

  test('stops reading when its watch says so, and keeps none of the bytes', async () => {
    const counted: number[] = []
    const watch: BodyLimits['watch'] = (end) => (bytes) => {
      counted.push(bytes)
      if (counted.length === 2) end(refuse('overloaded', 'no room'))
    }
    const collector = createBodyCollector({ ...LIMITS, watch })
    expect([1, 2, 1].map((bytes) => collector.push(new Uint8Array(bytes)))).toEqual([true, false, false])
    collector.end()
    expect(counted).toEqual([1, 2])
    await expect(collector.result).resolves.toMatchObject({ refused: 'overloaded' })
  })

  test('leaves no timer behind', async () => {
    let timers = 0
    const clock = {
      now: () => 0,
      schedule: () => {
        timers++
        return () => timers--
      },
    }
    for (const finish of ['end', 'fail'] as const) {
      createBodyCollector(LIMITS, clock)[finish]()
      expect(timers).toBe(0)
    }
  })
})

describe('what headers say about a body', () => {
  test.each([
    ['identity', undefined],
    ['', undefined],
    ['Identity', undefined],
    [' identity\t', undefined],
    ['gzip', 'content_encoding'],
    ['br', 'content_encoding'],
    ['gzip, identity', 'content_encoding'],
    ['identity, gzip', 'content_encoding'],
    ['aes128gcm', 'content_encoding'],
  ])('content-encoding %j is %s', (value, refused) => {
    expect(checkBodyHeaders({ 'content-encoding': value }, 4)?.refused).toBe(refused)
  })

  test.each([
    ['4', undefined],
    ['5', 'body_too_large'],
    ['99999999999999999999', 'body_too_large'],
    ['1e3', 'body_too_large'],
    ['-1', undefined],
    ['NaN', undefined],
    ['', undefined],
  ])('content-length %j is %s; the bytes are counted anyway', (value, refused) => {
    expect(checkBodyHeaders({ 'content-length': value }, 4)?.refused).toBe(refused)
  })
})
