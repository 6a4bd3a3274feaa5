import { createJwks } from '@gwh/core/jwks'
import { describe, expect, test } from 'vitest'
import { HOUR, JWKS_URL, keyIdsOf, MINUTE, onlyKey, toJwksResponse } from './jwks-server.ts'
import { createFakeClock, JWKS, settle } from './support.ts'

// What a Worker sees after a request has ended: what the request started, fetch or timer, never settles.
// https://github.com/panva/jose/issues/355

/** A cache whose fetches the test answers one by one, and whose timers it can freeze. */
function createFreezing() {
  const clock = createFakeClock()
  const fetches: PromiseWithResolvers<Response>[] = []
  let frozen = false
  const jwks = createJwks(JWKS_URL, {
    clock: {
      now: clock.now,
      schedule: (task, delayMs) => (frozen ? () => {} : clock.schedule(task, delayMs)),
    },
    fetch: () => {
      const answer = Promise.withResolvers<Response>()
      fetches.push(answer)
      return answer.promise
    },
  })
  /** Runs what a request does, then freezes everything it has started. */
  const inEndedRequest = (run: () => unknown) => {
    frozen = true
    run()
    frozen = false
  }
  return { jwks, clock, fetches, inEndedRequest }
}

/** The outcome of a promise, or `pending`. */
function watch<T>(promise: T | Promise<T>): () => T | 'pending' {
  let outcome: T | 'pending' = 'pending'
  Promise.resolve(promise).then((value) => {
    outcome = value
  })
  return () => outcome
}

describe('a fetch that an ended request has started', () => {
  test('is replaced as soon as it is overdue, although the cooldown is not over', async () => {
    const { jwks, clock, fetches, inEndedRequest } = createFreezing()
    inEndedRequest(() => jwks.keys())
    const keys = watch(keyIdsOf(jwks))
    await clock.advance(2_249)
    expect(fetches).toHaveLength(1)
    await clock.advance(1)
    expect(fetches).toHaveLength(2)
    fetches[1]!.resolve(toJwksResponse())
    await settle()
    expect(keys()).toHaveLength(3)
  })

  test('is replaced once for all callers that waited for it', async () => {
    const { jwks, clock, fetches, inEndedRequest } = createFreezing()
    inEndedRequest(() => jwks.keys())
    const waiting = Array.from({ length: 100 }, () => watch(keyIdsOf(jwks)))
    await clock.advance(2_250)
    expect(fetches).toHaveLength(2)
    fetches[1]!.resolve(toJwksResponse())
    await settle()
    expect(new Set(waiting.map((keys) => keys()?.length))).toEqual(new Set([3]))
  })

  test('delays no caller longer than twice the deadline, even if its replacement is abandoned too', async () => {
    const { jwks, clock, fetches, inEndedRequest } = createFreezing()
    inEndedRequest(() => jwks.keys())
    await clock.advance(2_250)
    inEndedRequest(() => jwks.keys())
    const keys = watch(jwks.keys())
    await clock.advance(2_250)
    expect(fetches).toHaveLength(3)
    expect(keys()).toBe('pending')
    await clock.advance(2_000)
    expect(keys()).toBeUndefined()
  })

  test('is not replaced before the cooldown is over while there are keys to verify with', async () => {
    const { jwks, clock, fetches, inEndedRequest } = createFreezing()
    const first = keyIdsOf(jwks)
    fetches[0]!.resolve(toJwksResponse())
    await first
    await clock.advance(HOUR)
    inEndedRequest(() => jwks.keys())
    const stale = watch(keyIdsOf(jwks))
    await clock.advance(2_250)
    expect(stale()).toHaveLength(3)
    expect(fetches).toHaveLength(2)
    await clock.advance(30_000 - 2_250)
    const keys = watch(keyIdsOf(jwks))
    await settle()
    expect(fetches).toHaveLength(3)
    fetches[2]!.resolve(toJwksResponse({ document: onlyKey(1) }))
    await settle()
    expect(keys()).toEqual(['test-ed-2'])
  })
})

test('a slow fetch does not overwrite the keys of a later one', async () => {
  const { jwks, clock, fetches, inEndedRequest } = createFreezing()
  inEndedRequest(() => jwks.keys())
  await clock.advance(2_250)
  const newer = keyIdsOf(jwks)
  fetches[1]!.resolve(toJwksResponse({ document: onlyKey(1) }))
  expect(await newer).toEqual(['test-ed-2'])
  fetches[0]!.resolve(toJwksResponse({ document: JWKS }))
  await settle()
  expect(await keyIdsOf(jwks)).toEqual(['test-ed-2'])
})

test('the result of a slow fetch is used if no later one has ended', async () => {
  const { jwks, clock, fetches, inEndedRequest } = createFreezing()
  inEndedRequest(() => jwks.keys())
  await clock.advance(2_250)
  inEndedRequest(() => jwks.keys())
  fetches[0]!.resolve(toJwksResponse())
  await settle()
  expect(jwks.fresh).toBe(true)
  await clock.advance(MINUTE)
  expect(await keyIdsOf(jwks)).toHaveLength(3)
})
