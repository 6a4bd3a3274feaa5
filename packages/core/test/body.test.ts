import { createBodyCollector } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { checkBodyHeaders } from '../src/lib/http/body.ts'
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
    'says at once when chunks of %j bytes are too many, and stays with it',
    async (sizes) => {
      const collector = createBodyCollector(LIMITS)
      const verdicts = sizes.map((size) => collector.push(new Uint8Array(size)))
      expect(verdicts).toContain(false)
      collector.end()
      collector.fail()
      await expect(collector.result).resolves.toMatchObject({ refused: 'body_too_large' })
    },
  )

  test('says when the sender went away', async () => {
    const collector = createBodyCollector(LIMITS)
    collector.push(new Uint8Array([1]))
    collector.fail()
    collector.end()
    await expect(collector.result).resolves.toMatchObject({ refused: 'body_unreadable' })
  })

  test('says when time is up, however busy the sender was', async () => {
    const clock = createFakeClock()
    const collector = createBodyCollector({ maxBytes: 100, timeoutMs: 1000 }, clock)
    for (let byte = 0; byte < 10; byte++) {
      collector.push(new Uint8Array([byte]))
      await clock.advance(100)
    }
    collector.end()
    await expect(collector.result).resolves.toMatchObject({ refused: 'body_timeout' })
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
