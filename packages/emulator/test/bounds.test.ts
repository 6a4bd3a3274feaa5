import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { FaultRule, Scenario } from '../src/index.ts'
import { call, createTestEmulator, startReceiver } from './support.ts'

const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

describe('a time that no timer can hold is refused', () => {
  const TOO_LONG = 2 ** 31

  test.each<FaultRule['fault']>([
    { type: 'jwks_slow', ms: TOO_LONG },
    { type: 'slow_sender', ms: TOO_LONG },
    { type: 'delay', ms: TOO_LONG },
    { type: 'reorder', withinMs: TOO_LONG },
  ])('in the fault %j', async (fault) => {
    const emulator = createTestEmulator()
    expect(() => emulator.faults.add({ fault })).toThrow(/'fault\.(ms|withinMs)'.*2147483647/)
    expect((await call(emulator, 'POST', '/_gwh/faults', { fault })).status).toBe(400)
  })

  test('in a scenario', () => {
    const scenario: Scenario = { then: { webhooks: { delayMs: TOO_LONG } } }
    expect(() => createTestEmulator().scenarios.add(scenario)).toThrow(/delayMs.*2147483647/)
  })

  test.each([TOO_LONG, -1, Number.NaN, '5'])('as timeoutMs of settled: %s', async (timeoutMs) => {
    const emulator = createTestEmulator()
    await expect(emulator.settled({ timeoutMs: timeoutMs as number })).rejects.toThrow(TypeError)
  })
})

describe('copies of a request', () => {
  const duplicate = { fault: { type: 'duplicate', copies: 100 } } as const

  test('are not sent to a receiver that does not answer', async () => {
    const emulator = createTestEmulator({ retry: { scheduleMs: [0], timeoutMs: 50 } })
    const receiver = await startReceiver(() => {})
    emulator.faults.add(duplicate)
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.settled()
    expect(receiver.received).toHaveLength(1)
    expect(emulator.deliveries()).toMatchObject([{ state: 'exhausted', attempts: [{ code: 'timeout' }] }])
  })

  test('end with the time of an attempt', async () => {
    const emulator = createTestEmulator({ retry: { scheduleMs: [0], timeoutMs: 300 } })
    const receiver = await startReceiver(async (response) => {
      await wait(100)
      response.writeHead(200).end()
    })
    emulator.faults.add(duplicate)
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.settled()
    expect(receiver.received.length).toBeLessThan(10)
    expect(emulator.deliveries()).toMatchObject([{ state: 'acked' }])
  })
})

test('a clock that is closed is not moved', async () => {
  const emulator = createTestEmulator({ fetch: async () => new Response(null, { status: 500 }) })
  await emulator.trigger({ ...event, uris: ['http://127.0.0.1/'] })
  const advance = emulator.clock.advance(3_600_000)
  const ended = expect(advance).rejects.toMatchObject({ code: 'closed' })
  await emulator.close()
  await ended
  await expect(emulator.clock.advance(1)).rejects.toMatchObject({ code: 'closed' })
})

describe('a value that cannot be turned into text is refused as any other', () => {
  const VALUES: unknown[] = [
    { toString: 1 },
    { valueOf: null, toString: null },
    [[]],
    null,
    JSON.parse('{"__proto__":null}'),
  ]
  const FIELDS = (value: unknown): [string, string, object][] => [
    ['POST', '/_gwh/trigger', { type: value }],
    ['POST', '/_gwh/trigger', { type: 'batch.succeeded', data: value }],
    ['POST', '/_gwh/trigger', { type: 'batch.succeeded', uris: value }],
    ['POST', '/_gwh/trigger', { type: 'batch.succeeded', uris: [value] }],
    ['POST', '/_gwh/trigger', { type: 'batch.failed', data: { error_code: value } }],
    ['POST', '/_gwh/finish', { job: value, outcome: 'succeeded' }],
    ['POST', '/_gwh/scenarios', { when: { kind: value }, then: {} }],
    ['POST', '/_gwh/scenarios', { then: { outcome: value } }],
    ['POST', '/_gwh/scenarios', { then: value }],
    ['POST', '/_gwh/scenarios', { then: {}, times: value }],
    ['POST', '/_gwh/scenarios', { then: { error: value } }],
    ['POST', '/_gwh/faults', { fault: value }],
    ['POST', '/_gwh/faults', { fault: { type: value } }],
    ['POST', '/_gwh/faults', { fault: 'drop', match: { eventType: value } }],
    ['POST', '/_gwh/import', { format: value }],
    ['POST', '/_gwh/session', { ticket: value }],
    ['POST', '/_gwh/clock/advance', { ms: value }],
    ['POST', '/v1/webhooks', { uri: value, subscribed_events: ['batch.succeeded'] }],
    ['POST', '/v1/webhooks', { uri: 'http://a.example', subscribed_events: value }],
    ['POST', '/v1/webhooks', { uri: 'http://a.example', subscribed_events: [value] }],
    ['POST', '/v1/interactions', { model: value, input: 'hi' }],
    ['POST', '/v1/interactions', { model: 'm', input: value }],
    ['POST', '/v1/interactions', { model: 'm', input: [{ type: value }] }],
    ['POST', '/v1/interactions', { model: 'm', input: [{ type: 'text', text: value }], stream: false }],
    ['POST', '/v1/interactions', { model: 'm', input: [{ type: 'function_result', call_id: value }] }],
    ['POST', '/v1/interactions', { model: 'm', input: 'hi', previous_interaction_id: value }],
    ['POST', '/v1/interactions', { model: 'm', input: 'hi', tools: value, response_format: value }],
    ['POST', '/v1/models/m:generateContent', { contents: value }],
    ['POST', '/v1/models/m:embedContent', { content: value, outputDimensionality: value }],
    ['POST', '/v1/models/m:batchEmbedContents', { requests: value }],
    ['POST', '/v1/models/m:countTokens', { contents: value }],
    ['POST', '/v1/models/m:batchGenerateContent', { batch: value }],
    ['POST', '/v1/models/m:batchGenerateContent', { batch: { inputConfig: value } }],
    ['POST', '/v1/models/m:batchGenerateContent', { batch: { webhookConfig: value } }],
    ['POST', '/v1/models/m:predictLongRunning', { instances: value, parameters: value }],
    ['POST', '/upload/v1/files', { file: { name: value, mimeType: value } }],
  ]

  test.each(VALUES)('%j', async (value) => {
    const emulator = createTestEmulator()
    const statuses: unknown[] = []
    for (const [method, path, body] of FIELDS(value)) {
      const { status } = await call(emulator, method, path, body)
      if (status >= 500) statuses.push([path, body, status])
    }
    expect(statuses).toEqual([])
    await emulator.clock.advance(3_600_000)
    emulator.export()
  })

  test('also inside of an event whose body a fault changes', async () => {
    const emulator = createTestEmulator()
    const receiver = await startReceiver()
    emulator.faults.add({ fault: 'tampered_body' })
    await emulator.trigger({ ...event, data: { id: { toString: 1 } }, uris: [receiver.url] })
    await emulator.settled()
    expect(receiver.received).toHaveLength(1)
  })
})

test('an API fault spares what the page reads', async () => {
  const emulator = createTestEmulator()
  emulator.faults.add({ fault: { type: 'api_error', status: 503 }, match: { path: '/webhooks*' } })
  expect((await call(emulator, 'GET', '/v1/webhooks')).status).toBe(503)
  const input = { uri: 'http://127.0.0.1:3000/hook', subscribed_events: ['batch.succeeded'] }
  const { status, body } = await call(emulator, 'POST', '/_gwh/webhooks', input)
  expect([status, body.new_signing_secret]).toEqual([200, expect.stringMatching(/^whsec_/)])
  expect((await call(emulator, 'GET', '/_gwh/webhooks')).body.webhooks).toHaveLength(1)
  expect((await call(emulator, 'POST', `/_gwh/webhooks/${body.id}:ping`, {})).status).toBe(200)
  expect((await call(emulator, 'PATCH', `/_gwh/webhooks/${body.id}`, { state: 'disabled' })).status).toBe(200)
  expect((await call(emulator, 'DELETE', `/_gwh/webhooks/${body.id}`)).status).toBe(200)
})
