import { createJwks } from '@gwh/core/jwks'
import { describe, expect, test } from 'vitest'
import {
  createServedJwks,
  down,
  HOUR,
  JWKS_URL,
  keyIdsOf,
  MINUTE,
  onlyKey,
  toJwksResponse,
} from './jwks-server.ts'
import { JWKS, NOW, settle } from './support.ts'

describe('one fetch at a time', () => {
  test('a thousand concurrent callers of a cold cache share one fetch', async () => {
    const { jwks, server } = createServedJwks()
    const sets = await Promise.all(Array.from({ length: 1000 }, () => jwks.keys()))
    expect(server.fetches).toBe(1)
    expect(new Set(sets).size).toBe(1)
    expect(sets[0]!.ed25519).toHaveLength(3)
  })

  test('reload and keys share one fetch too', async () => {
    const { jwks, server } = createServedJwks()
    await Promise.all([jwks.keys(), jwks.reload(), jwks.keys(), jwks.reload()])
    expect(server.fetches).toBe(1)
  })
})

describe('after a fetch there is none for thirty seconds', () => {
  test.each<[string, () => Response, boolean]>([
    ['that worked', () => toJwksResponse(), true],
    ['that failed', down, false],
  ])('%s', async (_, answer, worked) => {
    const { jwks, server, clock } = createServedJwks()
    server.answer = answer
    await expect(jwks.reload()).resolves.toBe(worked)
    await clock.advance(29_999)
    expect(jwks.coolingDown).toBe(true)
    await expect(jwks.reload()).resolves.toBe(false)
    await jwks.keys()
    expect(server.fetches).toBe(1)
    await clock.advance(1)
    expect(jwks.coolingDown).toBe(false)
    await jwks.reload()
    expect(server.fetches).toBe(2)
  })

  test.each<[string, () => Response]>([
    ['a server that works', () => toJwksResponse()],
    ['a server that is down', down],
  ])('ten thousand unmatched signatures in 60 s cost %s three fetches', async (_, answer) => {
    const { jwks, server, clock } = createServedJwks()
    server.answer = answer
    for (let second = 0; second < 60; second++) {
      await Promise.all(
        Array.from({ length: 167 }, async () => ((await jwks.keys()) ? jwks.reload() : false)),
      )
      await clock.advance(1000)
    }
    expect(server.fetches).toBeLessThanOrEqual(3)
  })
})

describe('keys stay fresh as long as the server says, within bounds', () => {
  test.each<[string, number | string | undefined, number]>([
    ['no max-age', undefined, 10 * MINUTE],
    ['an hour', 3600, HOUR],
    ['0 s', 0, 5 * MINUTE],
    ['a year', 31_536_000, 24 * HOUR],
    ['more than a number holds', '9'.repeat(30), 10 * MINUTE],
    ['a negative age', -1, 10 * MINUTE],
    ['a word', 'soon', 10 * MINUTE],
  ])('%s', async (_, maxAge, ttlMs) => {
    const { jwks, server, clock } = createServedJwks()
    server.answer = () => toJwksResponse(maxAge === undefined ? {} : { maxAge })
    await jwks.keys()
    expect(jwks.snapshot()).toEqual({ document: JWKS, fetchedAt: clock.now(), ttlMs })
    await clock.advance(ttlMs - 1)
    expect(jwks.fresh).toBe(true)
    await clock.advance(1)
    expect(jwks.fresh).toBe(false)
  })

  test('near the end of that time they are renewed in the background', async () => {
    const { jwks, server, clock } = createServedJwks()
    await jwks.keys()
    await clock.advance(8 * MINUTE - 1)
    await jwks.keys()
    expect(server.fetches).toBe(1)
    await clock.advance(1)
    const answers = Promise.withResolvers<Response>()
    server.answer = () => answers.promise
    expect(await keyIdsOf(jwks)).toHaveLength(3)
    expect(server.fetches).toBe(2)
    expect(jwks.reloading).toBe(true)
    answers.resolve(toJwksResponse({ document: onlyKey(1) }))
    await settle()
    expect(jwks.reloading).toBe(false)
    expect(await keyIdsOf(jwks)).toEqual(['test-ed-2'])
  })
})

test('a fetch follows no redirect, sends no credentials and can be aborted', async () => {
  let init: RequestInit = {}
  const fetch = async (_: unknown, given?: RequestInit) => {
    init = given!
    return toJwksResponse()
  }
  await createJwks(JWKS_URL, { fetch: fetch as typeof globalThis.fetch }).keys()
  expect(init).toMatchObject({ redirect: 'manual', credentials: 'omit' })
  expect(init.signal!.aborted).toBe(true)
})

describe('a seed', () => {
  test('is used without a fetch until it expires', async () => {
    const seed = { document: onlyKey(2), fetchedAt: NOW, ttlMs: HOUR }
    const { jwks, server, clock } = createServedJwks({ seed })
    expect(await keyIdsOf(jwks)).toEqual(['test-ed-3'])
    expect(server.fetches).toBe(0)
    await clock.advance(HOUR)
    expect(await keyIdsOf(jwks)).toHaveLength(3)
  })

  test('without a usable key is ignored', async () => {
    const { jwks } = createServedJwks({ seed: { document: { keys: [] }, fetchedAt: 0, ttlMs: HOUR } })
    expect(await keyIdsOf(jwks)).toHaveLength(3)
  })
})

describe('the URL', () => {
  test.each(['http://localhost:8787/x', 'http://127.0.0.1/x', 'http://[::1]:1/x', 'https://keys.example'])(
    '%s is accepted',
    (url) => {
      expect(createJwks(url).fresh).toBe(false)
    },
  )

  test.each([
    'http://keys.example',
    'http://localhost.evil.example',
    'file:///etc/keys',
    'data:,{}',
    'keys',
    '',
  ])('%j is option_invalid', (url) => {
    expect(() => createJwks(url)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })
})
