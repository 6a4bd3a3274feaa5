import { describe, expect, test } from 'vitest'
import { createEmulator, recordedTest } from '../src/index.ts'
import { call, createTestEmulator } from './support.ts'

const SUBSCRIBED = { subscribed_events: ['batch.succeeded'] }
const batch = {
  inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] } },
}

/** Texts that steer a terminal, or show something else than they are. */
const TEXTS: [string, string][] = [
  ['a terminal escape', 'x\x1b[2J'],
  ['a C1 control', 'x\x9b2J'],
  ['a new line', 'x\ny'],
  ['a DEL', 'x\x7f'],
  ['a bidi override', 'x\u202ey'],
  ['a zero-width space', 'x\u200by'],
  ['a line separator', 'x\u2028y'],
  ['half a character', 'x\ud800y'],
]

describe.each(TEXTS)('%s', (_, text) => {
  const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

  test.each([
    ['/v1/webhooks', { uri: `http://127.0.0.1/${text}`, ...SUBSCRIBED }],
    ['/v1/interactions', { model: text, input: 'hi' }],
    ['/v1/interactions', { agent: text, input: 'hi' }],
    [
      '/v1/interactions',
      {
        model: 'm',
        input: 'hi',
        background: true,
        webhook_config: { uris: [`http://127.0.0.1/${text}`] },
      },
    ],
    ['/_gwh/trigger', { type: text, uris: ['http://127.0.0.1/'] }],
    ['/_gwh/scenarios', { then: { outcome: text } }],
  ])('is refused in a body of %s, and not repeated in the answer', async (path, body) => {
    const emulator = createTestEmulator()
    const before = emulator.export()
    const answer = await call(emulator, 'POST', path, body)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_request'])
    expect(answer.body.error.message).not.toMatch(UNPRINTABLE)
    expect(emulator.export()).toEqual(before)
  })

  test.each(['generateContent', 'batchGenerateContent', 'predictLongRunning'])(
    'is refused in the name of a model at %s',
    async (method) => {
      const emulator = createTestEmulator()
      const path = `/v1beta/models/${encodeURIComponent(text.toWellFormed())}:${method}`
      const { status, body } = await call(emulator, 'POST', path, {
        batch,
        contents: [{ parts: [{ text: 'hi' }] }],
        instances: [{ prompt: 'hi' }],
      })
      // What is half a character becomes another one in a URL.
      if (!text.isWellFormed()) return
      expect([status, body.error.status]).toEqual([400, 'INVALID_ARGUMENT'])
      expect(body.error.message).not.toMatch(UNPRINTABLE)
    },
  )

  test('is refused in a webhook of the options', () => {
    expect(() => createEmulator({ webhooks: [{ uri: `http://127.0.0.1/${text}` }] })).toThrow(TypeError)
  })

  test('is not repeated in an error', async () => {
    const emulator = createTestEmulator()
    const error = await emulator.finish(text).catch((error: Error) => error)
    expect((error as Error).message).toMatch(/^Job 'x\\u\{[0-9a-f]+\}.*' not found\.$/)
    emulator.clock.pause()
    expect(
      (await call(emulator, 'GET', `/v1/unknown/${encodeURIComponent(text.toWellFormed())}`)).status,
    ).toBe(404)
  })

  test('is escaped in a recorded test', async () => {
    const emulator = createTestEmulator({ fetch: async () => new Response() })
    await emulator.trigger({ type: 'batch.succeeded', data: { id: text }, uris: ['http://127.0.0.1/'] })
    await emulator.settled()
    expect(recordedTest(emulator.deliveries()).replaceAll('\n', '')).not.toMatch(UNPRINTABLE)
  })
})

test('ordinary names in any script are taken', async () => {
  const emulator = createTestEmulator()
  const uri = 'http://127.0.0.1:3000/größe/模型?q=ü'
  expect((await call(emulator, 'POST', '/v1/webhooks', { uri, ...SUBSCRIBED })).status).toBe(200)
  expect((await call(emulator, 'POST', '/v1/interactions', { model: '模型-é', input: 'hi' })).status).toBe(
    200,
  )
})
