import { describe, expect, test } from 'vitest'
import { createServedJwks, down, HOUR, keyIdsOf, MINUTE, toJwksResponse } from './jwks-server.ts'
import { JWKS, settle } from './support.ts'

describe('while the server fails', () => {
  test('the last good keys are used for six hours after they expire, then there are none', async () => {
    const { jwks, server, clock } = createServedJwks()
    await jwks.keys()
    server.answer = down
    await clock.advance(10 * MINUTE + 6 * HOUR - 1)
    expect(await keyIdsOf(jwks)).toHaveLength(3)
    await clock.advance(1)
    expect(await jwks.keys()).toBeUndefined()
  })

  test('a cold cache has none, and has some as soon as the server is back', async () => {
    const { jwks, server, clock } = createServedJwks()
    server.answer = down
    expect(await jwks.keys()).toBeUndefined()
    server.answer = () => toJwksResponse()
    await clock.advance(30_000)
    expect(await keyIdsOf(jwks)).toHaveLength(3)
  })

  const broken: [string, () => Response | Promise<Response>][] = [
    ['500', down],
    ['404', () => toJwksResponse({ status: 404 })],
    ['203', () => toJwksResponse({ status: 203 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } })],
    ['HTML', () => toJwksResponse({ document: '<!doctype html><title>Sign in</title>' })],
    ['a JSON list', () => toJwksResponse({ document: [JWKS.keys[0]] })],
    ['null', () => toJwksResponse({ document: 'null' })],
    ['no keys', () => toJwksResponse({ document: { keys: [] } })],
    [
      'no usable key',
      () => toJwksResponse({ document: { keys: [{ kty: 'EC' }, { ...JWKS.keys[0], d: 'x' }] } }),
    ],
    ['invalid UTF-8', () => new Response(new Uint8Array([0x22, 0xff, 0x22]))],
    ['no body', () => new Response(null)],
    ['65 KiB', () => toJwksResponse({ document: { keys: JWKS.keys, pad: 'x'.repeat(65 * 1024) } })],
    [
      'a body that breaks off',
      () => new Response(new ReadableStream({ pull: (c) => c.error(new Error('reset')) })),
    ],
    ['a refused connection', () => Promise.reject(new TypeError('fetch failed'))],
  ]
  test.each(broken)('%s is not an answer: the last good keys stay', async (_, answer) => {
    const results: string[] = []
    const { jwks, server, clock } = createServedJwks({ onFetch: (result) => results.push(result) })
    await jwks.keys()
    server.answer = answer
    await clock.advance(HOUR)
    expect(await keyIdsOf(jwks)).toHaveLength(3)
    expect(results).toEqual(['ok', 'failed'])
  })

  test('an endless body is read to 64 KiB and no further', async () => {
    const { jwks, server } = createServedJwks()
    let sent = 0
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      sent += 1024
      controller.enqueue(new Uint8Array(1024).fill(0x20))
    }
    server.answer = () => new Response(new ReadableStream({ pull }))
    expect(await jwks.keys()).toBeUndefined()
    expect(sent).toBeLessThanOrEqual(70 * 1024)
  })

  test.each<[string, () => Promise<Response>]>([
    ['a connection', () => new Promise<Response>(() => {})],
    ['a body', async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))],
  ])('%s that hangs ends at the deadline of two seconds', async (_, answer) => {
    const { jwks, server, clock } = createServedJwks()
    server.answer = answer
    let keys: unknown = 'pending'
    Promise.resolve(jwks.keys()).then((value) => {
      keys = value
    })
    await clock.advance(1_999)
    expect(keys).toBe('pending')
    await clock.advance(1)
    await settle()
    expect(keys).toBeUndefined()
    expect(jwks.reloading).toBe(false)
  })

  test('an observer of fetches that throws ends neither the process nor the cache', async () => {
    const onFetch = () => {
      throw new Error('broken metrics')
    }
    const { jwks, clock } = createServedJwks({ onFetch })
    expect(await keyIdsOf(jwks)).toHaveLength(3)
    await clock.advance(9 * MINUTE)
    expect(await keyIdsOf(jwks)).toHaveLength(3)
    await settle()
  })
})
