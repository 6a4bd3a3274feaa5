import { expect, test, vi } from 'vitest'
import type { DeliveryFault, EmulatorOptions, FaultRule } from '../src/index.ts'
import { startCoreReceiver } from './core-receiver.ts'
import { call, createTestEmulator, register, startEmulator, startReceiver } from './support.ts'

const HOUR_MS = 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** An emulator, and a real receiver of both kinds of webhooks. */
async function start(options: EmulatorOptions = {}) {
  const { emulator, url, ai } = await startEmulator({ random: () => 0.5, ...options })
  const secrets: string[] = []
  const receiver = await startCoreReceiver({
    static: { secrets: async () => secrets },
    dynamic: { jwks: `${url}/.well-known/jwks.json`, allowAnyJob: true },
    now: () => emulator.clock.now(),
  })
  const { id, secret } = await register(emulator, receiver.url)
  secrets.push(secret)
  return { emulator, url, ai, receiver, registrationId: id }
}

/** What a receiver makes of a delivery whose first attempt has the fault, and how many attempts are made. */
const FAULTS: [fault: DeliveryFault, outcomes: string[], attempts: number][] = [
  [{ type: 'duplicate' }, ['accepted', 'duplicate'], 1],
  [{ type: 'duplicate', copies: 4 }, ['accepted', 'duplicate', 'duplicate', 'duplicate'], 1],
  [{ type: 'delay', ms: 60_000 }, ['accepted'], 1],
  [{ type: 'reorder' }, ['accepted'], 1],
  [{ type: 'drop' }, ['accepted'], 2],
  [{ type: 'wrong_signature' }, ['signature_invalid', 'accepted'], 2],
  [{ type: 'unknown_key' }, ['signature_invalid', 'accepted'], 2],
  [{ type: 'stale_timestamp' }, ['timestamp_too_old', 'accepted'], 2],
  [{ type: 'stale_timestamp', seconds: 300 }, ['accepted'], 1],
  [{ type: 'stale_timestamp', seconds: -301 }, ['timestamp_too_new', 'accepted'], 2],
  [{ type: 'tampered_body' }, ['signature_invalid', 'accepted'], 2],
  [{ type: 'reserialized_body' }, ['signature_invalid', 'accepted'], 2],
  [{ type: 'truncated_body' }, ['body_unreadable', 'accepted'], 2],
  [{ type: 'slow_sender', ms: 200 }, ['accepted'], 1],
  [{ type: 'cut_before_answer' }, ['accepted', 'duplicate'], 2],
  [{ type: 'cut_after_answer' }, ['accepted', 'duplicate'], 2],
]

for (const scheme of ['static', 'dynamic'] as const) {
  for (const [fault, outcomes, attempts] of FAULTS) {
    test(`${scheme}: ${JSON.stringify(fault)} is ${outcomes.join(', ')} to a receiver`, async () => {
      const { emulator, receiver } = await start()
      emulator.faults.add({ fault, times: 1 })
      await emulator.trigger({ ...event, ...(scheme === 'dynamic' && { uris: [receiver.url] }) })
      await emulator.idle()
      // The retry is due at once in virtual time; the receiver may still be busy with what was cut.
      const seen = fault.type === 'drop' ? 0 : attempts - 1
      await vi.waitFor(() => expect(receiver.outcomes.length).toBeGreaterThanOrEqual(seen))
      await emulator.clock.advance(HOUR_MS)
      expect(receiver.outcomes).toEqual(outcomes)
      const [delivery] = emulator.deliveries()
      expect(delivery).toMatchObject({ state: 'acked', scheme })
      expect(delivery!.attempts.map(({ faults }) => faults)).toEqual([
        [fault.type],
        ...Array(attempts - 1).fill(undefined),
      ])
      expect(emulator.faults.list()).toEqual([])
    })
  }
}

test('a delayed attempt starts that much later', async () => {
  const { emulator, receiver } = await start()
  emulator.faults.add({ fault: { type: 'delay', ms: 90_000 }, match: { endpoint: receiver.url } })
  await emulator.trigger(event)
  await emulator.clock.advance(89_999)
  expect(receiver.outcomes).toEqual([])
  await emulator.clock.advance(1)
  expect(receiver.outcomes).toEqual(['accepted'])
})

test('of two events, a reordered one arrives second', async () => {
  const { emulator, receiver } = await start()
  emulator.faults.add({ fault: 'reorder', times: 1 })
  await emulator.trigger({ ...event, data: { id: 'batches/first' } })
  await emulator.idle()
  await emulator.trigger({ ...event, data: { id: 'batches/second' } })
  await emulator.idle()
  expect(receiver.handled).toEqual(['batches/second', 'batches/first'])
})

test('a receiver that no other event goes to gets a reordered one after its time', async () => {
  const { emulator, receiver } = await start()
  emulator.faults.add({ fault: { type: 'reorder', withinMs: 5000 } })
  await emulator.trigger(event)
  await emulator.clock.advance(4999)
  expect(receiver.handled).toEqual([])
  await emulator.clock.advance(1)
  expect(receiver.handled).toEqual(['batches/x'])
})

test('a rule concerns only what its match fits', async () => {
  const matches: [FaultRule['match'], string[]][] = [
    [{ scheme: 'static' }, ['a', 'c']],
    [{ scheme: 'dynamic' }, ['b']],
    [{ eventType: 'batch.failed' }, ['c']],
    [{ eventType: 'batch.*' }, ['a', 'b', 'c']],
    [{ jobId: 'b' }, ['b']],
    [{ endpoint: 'webhook' }, ['a', 'c']],
    [{ endpoint: 'uri', eventType: 'batch.failed' }, ['c']],
    [{ share: 0 }, []],
    [{ share: 0.6 }, ['a', 'b', 'c']],
    [{ share: 0.5 }, []],
  ]
  for (const [match, dropped] of matches) {
    const emulator = createTestEmulator({ random: () => 0.5 })
    const receiver = await startReceiver()
    const { id } = await register(emulator, receiver.url, ['batch.succeeded', 'batch.failed'])
    const endpoint = { webhook: id, uri: receiver.url }[match!.endpoint ?? '']
    emulator.faults.add({ fault: 'drop', match: { ...match, ...(endpoint && { endpoint }) } })
    await emulator.trigger({ type: 'batch.succeeded', data: { id: 'a' } })
    await emulator.trigger({ type: 'batch.succeeded', data: { id: 'b' }, uris: [receiver.url] })
    await emulator.trigger({ type: 'batch.failed', data: { id: 'c' } })
    await emulator.idle()
    const faulty = emulator.deliveries().filter(({ attempts }) => attempts[0]!.faults)
    expect([match, faulty.map(({ jobId }) => jobId)]).toEqual([match, dropped])
  }
})

test('a fault of the connection does not go where no delivery may go', async () => {
  const emulator = createTestEmulator()
  emulator.faults.add({ fault: 'truncated_body' })
  await emulator.trigger({ ...event, uris: ['http://10.0.0.1/hook'] })
  await emulator.idle()
  expect(emulator.deliveries()).toMatchObject([{ attempts: [{ code: 'target_blocked' }] }])
})

test('several rules that fit apply together, and each ends after its times', async () => {
  const emulator = createTestEmulator({ random: () => 0.5 })
  const receiver = await startReceiver()
  emulator.faults.add({ fault: 'duplicate', times: 2 })
  emulator.faults.add({ fault: 'stale_timestamp', times: 1 })
  const { remove } = emulator.faults.add({ fault: 'drop' })
  remove()
  for (let count = 0; count < 3; count += 1) await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  expect(receiver.received).toHaveLength(5)
  const faults = emulator.deliveries().map(({ attempts }) => attempts[0]!.faults)
  expect(faults).toEqual([['duplicate', 'stale_timestamp'], ['duplicate'], undefined])
})

test('rules are listed until they are used up or cleared', () => {
  const emulator = createTestEmulator()
  const { id } = emulator.faults.add({ fault: { type: 'delay', ms: 5 }, match: { share: 0.5 }, times: 3 })
  emulator.faults.add({ fault: 'drop' })
  expect(emulator.faults.list()[0]).toEqual({
    id,
    fault: { type: 'delay', ms: 5 },
    match: { share: 0.5 },
    times: 3,
    used: 0,
  })
  expect(emulator.faults.clear(id)).toBe(true)
  expect(emulator.faults.clear(id)).toBe(false)
  expect(emulator.faults.clear()).toBe(true)
  expect(emulator.faults.list()).toEqual([])
})

test('what is no rule is refused with the part that is wrong', () => {
  const emulator = createTestEmulator()
  const wrong: [rule: unknown, message: RegExp][] = [
    [undefined, /'rule'/],
    [{ fault: 'dorp' }, /'fault.type'.*drop/],
    [{ fault: 'delay' }, /'fault.ms'/],
    [{ fault: { type: 'drop', ms: 5 } }, /'fault'.*ms/],
    [{ fault: 'drop', match: { path: '/webhooks' } }, /'match'.*path/],
    [{ fault: 'jwks_down', match: { endpoint: 'x' } }, /'match'.*endpoint/],
    [{ fault: 'drop', match: { share: 1.5 } }, /'match.share'/],
    [{ fault: 'drop', times: 0 }, /'rule.times'/],
    [{ fault: { type: 'api_error', status: 200 } }, /'fault.status'/],
  ]
  for (const [rule, message] of wrong) {
    expect(() => emulator.faults.add(rule as FaultRule)).toThrow(message)
    expect(() => emulator.faults.add(rule as FaultRule)).toThrow(TypeError)
  }
})

/** What a receiver that starts with a faulty JWKS makes of a dynamic delivery. */
const JWKS_FAULTS: [FaultRule['fault'], string][] = [
  ['jwks_down', 'jwks_unavailable'],
  [{ type: 'jwks_down', status: 404 }, 'jwks_unavailable'],
  ['jwks_slow', 'jwks_unavailable'],
  [{ type: 'jwks_slow', ms: 100 }, 'accepted'],
  ['jwks_garbage', 'jwks_unavailable'],
  ['jwks_rotated', 'signature_invalid'],
]

test.each(JWKS_FAULTS)('a dynamic delivery with %j is %s, and accepted without', async (fault, outcome) => {
  const { emulator, url, receiver } = await start()
  const { remove } = emulator.faults.add({ fault })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  expect(receiver.outcomes).toEqual([outcome])
  remove()
  const jwks = `${url}/.well-known/jwks.json`
  const fresh = await startCoreReceiver({ dynamic: { jwks, allowAnyJob: true } })
  await emulator.trigger({ ...event, uris: [fresh.url] })
  await emulator.idle()
  expect(fresh.outcomes).toEqual(['accepted'])
})

test('API calls answer with an error as long as a fault says so', async () => {
  const emulator = createTestEmulator()
  emulator.faults.add({ fault: { type: 'api_error', status: 429, retryAfter: 7 }, times: 2 })
  const answers = []
  for (let count = 0; count < 3; count += 1) answers.push(await call(emulator, 'GET', '/v1/webhooks'))
  expect(answers.map(({ status }) => status)).toEqual([429, 429, 200])
  expect(answers[0]!.headers.get('retry-after')).toBe('7')
  expect(answers[0]!.body.error).toEqual({
    message: 'Resource has been exhausted (e.g. check quota).',
    code: 'resource_exhausted',
  })
})

test('an API fault concerns only its method and path, in the envelope of the path', async () => {
  const emulator = createTestEmulator()
  emulator.faults.add({
    fault: { type: 'api_error', status: 503, message: 'try later' },
    match: { method: 'get', path: '/batches*' },
  })
  expect((await call(emulator, 'GET', '/v1beta/batches')).body).toEqual({
    error: { code: 503, message: 'try later', status: 'UNAVAILABLE' },
  })
  expect((await call(emulator, 'GET', '/v1/webhooks')).status).toBe(200)
  expect((await call(emulator, 'DELETE', '/v1/batches/x')).status).toBe(404)
  expect((await call(emulator, 'GET', '/_gwh/health')).status).toBe(200)
})

test('a call that fails has no effect', async () => {
  const emulator = createTestEmulator()
  emulator.faults.add({ fault: { type: 'api_error', status: 500 }, times: 1 })
  const body = { uri: 'https://a.example/', subscribed_events: ['batch.succeeded'] }
  expect((await call(emulator, 'POST', '/v1/webhooks', body)).status).toBe(500)
  expect((await call(emulator, 'GET', '/v1/webhooks')).body).toEqual({})
})

test('a call whose answer is lost has had its effect', async () => {
  const emulator = createTestEmulator()
  emulator.faults.add({ fault: { type: 'api_error', status: 500, afterEffect: true }, times: 1 })
  const body = { uri: 'https://a.example/', subscribed_events: ['batch.succeeded'] }
  expect((await call(emulator, 'POST', '/v1/webhooks', body)).status).toBe(500)
  expect((await call(emulator, 'GET', '/v1/webhooks')).body.webhooks).toHaveLength(1)
})

test('the SDK repeats a call that fails once, and then has what it asked for', async () => {
  const { emulator, ai } = await startEmulator()
  emulator.faults.add({ fault: { type: 'api_error', status: 503, message: 'try later' }, times: 1 })
  await expect(ai.webhooks.list()).resolves.toMatchObject({})
})

test('a scenario carries the faults of its job’s deliveries', async () => {
  const { emulator, receiver } = await start()
  const webhooks = { delayMs: 1000, duplicate: 2, attempts: 1, faults: ['cut_after_answer'] as const }
  emulator.scenarios.add({ when: { kind: 'batch' }, then: { afterMs: 0, webhooks } })
  const requests = { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] }
  await call(emulator, 'POST', '/v1/models/m:batchGenerateContent', { batch: { inputConfig: { requests } } })
  await emulator.trigger(event)
  await emulator.clock.advance(HOUR_MS)
  expect(emulator.deliveries().map(({ attempts }) => attempts.map(({ faults }) => faults))).toEqual(
    expect.arrayContaining([[undefined], [['delay', 'duplicate', 'cut_after_answer'], undefined]]),
  )
  expect(receiver.outcomes).toEqual(['accepted', 'accepted', 'duplicate', 'duplicate'])
})
