import {
  createLogObserver,
  createMemoryQueue,
  createReceiver,
  PermanentError,
  type ReceiverSignal,
  WebhookUnavailableError,
} from '@gwh/core'
import { signStatic } from '@gwh/core/sign'
import { expect, test } from 'vitest'
import { createFakeClock } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY='
const NOW = 1_795_000_000
const delivery = { id: 'msg_1', scheme: 'static' } as const

function linesOf(...signals: ReceiverSignal[]): string[] {
  const lines: string[] = []
  for (const signal of signals) createLogObserver((line) => lines.push(line))(signal)
  return lines
}

/** What is logged of one delivery whose handler fails so. */
async function linesOfFailure(error: unknown): Promise<string[]> {
  const lines: string[] = []
  const observer = createLogObserver((line) => lines.push(line))
  const now = () => NOW * 1000
  // A clock that stands still: no retry becomes due while a long message is written.
  const queue = createMemoryQueue({ clock: createFakeClock(NOW * 1000) })
  const receiver = createReceiver({ static: { secrets: SECRET }, queue, observer, now })
  receiver.on('*', () => {
    throw error
  })
  const body = '{"type":"batch.succeeded","data":{"id":"b1"}}'
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(NOW),
    'webhook-signature': await signStatic({ id: 'msg_1', timestamp: NOW, body, secrets: SECRET }),
  }
  await receiver.receive({ method: 'POST', headers, body: new TextEncoder().encode(body) })
  await receiver.drain()
  return lines
}

test('a retry is one line with the delivery, the attempt and the code, whatever the error says', async () => {
  expect(await linesOfFailure(new Error('first\nsecond\u001b[31m'))).toEqual([
    'accepted msg_1',
    'failed msg_1 (attempt 1) handler_failed Error: first second [31m',
  ])
})

test('a retry has the code of its error, where that has one', async () => {
  expect(await linesOfFailure(Object.assign(new Error('no room'), { code: 'ENOSPC' }))).toEqual([
    'accepted msg_1',
    'failed msg_1 (attempt 1) ENOSPC Error: no room',
  ])
})

test('a dead letter is one line with the delivery, the attempt and the reason', async () => {
  expect(await linesOfFailure(new PermanentError('customer is gone'))).toEqual([
    'accepted msg_1',
    'dead msg_1 (attempt 1) handler_rejected PermanentError: customer is gone',
  ])
})

test('a dead letter without an error says no more than its reason', () => {
  const dead = {
    type: 'dead',
    delivery,
    key: 'k',
    attempt: 13,
    reason: 'attempts',
    error: undefined,
  } as const
  expect(linesOf(dead)).toEqual(['dead msg_1 (attempt 13) attempts'])
})

test('whatever a handler throws is one line, and a short one', async () => {
  const throwing = { get: () => expect.unreachable(), getPrototypeOf: () => expect.unreachable() }
  const hostile = [
    new Proxy({}, throwing),
    Object.defineProperty(new Error('x'), 'message', { get: () => expect.unreachable() }),
    Object.assign(new Error('x'), { toString: () => expect.unreachable(), code: Symbol('s') }),
    Object.create(null),
    Symbol('s'),
    undefined,
    'x'.repeat(10_000_000),
    Object.assign(new Error('x'.repeat(10_000_000)), { name: 'y'.repeat(10_000), code: 'z'.repeat(10_000) }),
  ]
  for (const thrown of hostile) {
    const lines = await linesOfFailure(thrown)
    expect(lines).toEqual(['accepted msg_1', expect.stringMatching(/^failed msg_1 \(attempt 1\) .{5,1300}$/)])
  }
})

test('a fault has the cause that the store reported, and no other cause', () => {
  const cause = new Error('disk is gone')
  const unavailable = new WebhookUnavailableError('store_unavailable', 'the store failed', { cause })
  const other = new TypeError('not ours', { cause })
  expect(
    linesOf(
      { type: 'fault', code: 'store_unavailable', error: unavailable },
      { type: 'fault', code: 'internal', error: other },
    ),
  ).toEqual([
    'fault store_unavailable WebhookUnavailableError: the store failed (Error: disk is gone)',
    'fault internal TypeError: not ours',
  ])
})

test('an event type of a megabyte is cut', () => {
  const eventType = 'x'.repeat(1_000_000)
  const [line] = linesOf({ type: 'unhandled', delivery, key: 'k', eventType, attempt: 1 })
  expect(line).toMatch(/^unhandled msg_1 x{999}… \(attempt 1\)$/)
})

test('every other signal is one line too', () => {
  expect(
    linesOf(
      { type: 'handled', delivery, key: 'k', eventType: 'batch.succeeded', attempt: 2 },
      {
        type: 'refused',
        code: 'signature_invalid',
        status: 401,
        message: 'no signature matches',
        unverified: { id: 'msg_2', signatures: ['v1'], receivedBytes: 9 },
      },
      {
        type: 'explained',
        code: 'signature_invalid',
        unverified: { id: 'msg_2', signatures: ['v1'], receivedBytes: 9 },
        reason: 'wrong_key',
        message: 'No configured key made this signature.',
        tried: ['whsec_...abcd'],
      },
      { type: 'fault', code: 'store_unavailable', error: new Error('locked') },
      { type: 'clock_skew_suspected', seconds: 400 },
      { type: 'warning', code: 'secret_short', message: 'shorter than 24 bytes' },
    ),
  ).toEqual([
    'handled msg_1 batch.succeeded (attempt 2)',
    'refused msg_2 401 signature_invalid no signature matches',
    'explained msg_2 signature_invalid wrong_key No configured key made this signature. Tried: whsec_...abcd',
    'fault store_unavailable Error: locked',
    'clock_skew_suspected 400 s',
    'warning secret_short shorter than 24 bytes',
  ])
})
