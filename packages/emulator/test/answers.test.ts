import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AttemptCode, DeliveryState } from '../src/index.ts'
import { createTestEmulator } from './support.ts'

const DAY_MS = 24 * 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** A receiver that says exactly what a test writes, once it has seen the whole request. */
async function startRawReceiver(answer: (socket: Socket, count: number) => void) {
  const times: number[] = []
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const [head, body] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head!)?.[1])
      if (body?.length !== length) return
      answer(socket, times.push(Date.now()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}/hook`, times }
}

/** What a delivery has become after two days of a receiver that answers with `answer` each time. */
async function deliver(
  answer: string | Buffer | ((socket: Socket) => void),
  options: { timeoutMs?: number; profile?: 'gemini' | 'standard-webhooks' } = {},
) {
  const { timeoutMs = 15_000, ...rest } = options
  const emulator = createTestEmulator({ ...rest, retry: { timeoutMs } })
  const write = typeof answer === 'function' ? answer : (socket: Socket) => void socket.end(answer)
  const receiver = await startRawReceiver(write)
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(2 * DAY_MS)
  const [delivery] = emulator.deliveries()
  return { ...delivery!, received: receiver.times.length }
}

const status = (code: number) => `HTTP/1.1 ${code} Whatever\r\ncontent-length: 0\r\nlocation: /other\r\n\r\n`

const RETRIED = [
  ...[300, 301, 302, 303, 304, 305, 307, 308],
  ...[400, 401, 403, 404, 408, 409, 410, 413, 422, 425, 429, 451],
  ...[500, 501, 502, 503, 504, 505, 507, 511, 599],
]

describe('what a status means', () => {
  test.each([200, 201, 202, 204, 205, 206, 226, 299])('%i acknowledges', async (code) => {
    const { state, attempts, received } = await deliver(status(code))
    expect([state, attempts.length, received]).toEqual(['acked', 1, 1])
    expect(attempts[0]).toMatchObject({ status: code })
  })

  test.each(['100 Continue', '102 Processing', '103 Early Hints'])(
    'a 200 after %s acknowledges',
    async (line) => {
      const { state, attempts } = await deliver(`HTTP/1.1 ${line}\r\n\r\n${status(200)}`)
      expect([state, attempts.length]).toEqual(['acked', 1])
    },
  )

  test.each(RETRIED)('%i is tried again for a day, and no longer', async (code) => {
    const { state, attempts, createdAt, received } = await deliver(status(code))
    expect([state, attempts.length, received]).toEqual(['exhausted', 12, 12])
    const expected: AttemptCode = code < 400 ? 'redirect' : 'http_status'
    for (const attempt of attempts) expect(attempt).toMatchObject({ status: code, code: expected })
    expect(attempts.at(-1)!.startedAt - createdAt).toBeLessThanOrEqual(DAY_MS)
  })

  test('410 ends the delivery in the profile standard-webhooks', async () => {
    const { state, received } = await deliver(status(410), { profile: 'standard-webhooks' })
    expect([state, received]).toEqual(['disabled', 1])
  })
})

/** Answers that are none: each is tried again. */
const NO_ANSWERS: Record<string, string | ((socket: Socket) => void)> = {
  'junk for a status line': 'hello there\r\n\r\n',
  'HTTP/0.9': '<html>ok</html>',
  'another protocol': 'SSH-2.0-OpenSSH_9.6\r\n',
  'nothing at all': '',
  'half a status line': 'HTTP/1.1 20',
  'half a head': 'HTTP/1.1 200 OK\r\ncontent-',
  'a reset before the head': (socket) => socket.resetAndDestroy(),
  'a reset within the head': (socket) =>
    void socket.write('HTTP/1.1 200 OK\r\n', () => socket.resetAndDestroy()),
  'a head without end': (socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
}

test.each(Object.entries(NO_ANSWERS))('%s is tried again', async (_, answer) => {
  const { state, attempts } = await deliver(answer)
  expect([state, attempts.length]).toEqual(['exhausted', 12])
  for (const attempt of attempts) expect(attempt).toMatchObject({ code: 'connection_failed' })
})

const UPGRADE = 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
const SWITCHED = 'the receiver switched to another protocol'
const UNKNOWN = 'HTTP has no such status'

test.each([
  [99, 'HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n', UNKNOWN],
  [101, UPGRADE, SWITCHED],
  [101, status(101), SWITCHED],
  [600, status(600), UNKNOWN],
  [999, 'HTTP/1.1 999 High\r\ncontent-length: 2\r\n\r\nhi', UNKNOWN],
])('the status %i is recorded as received, and tried again', async (code, answer, reason) => {
  const { state, attempts } = await deliver(answer)
  expect([state, attempts.length]).toEqual(['exhausted', 12])
  for (const attempt of attempts) expect(attempt).toMatchObject({ status: code, code: 'http_status', reason })
  if (code === 999) expect(attempts[0]!.answer).toBe('hi')
})

/** Answers that acknowledge with their head, whatever becomes of their body. */
const BROKEN_BODIES: Record<string, (socket: Socket) => void> = {
  'that is reset': (socket) =>
    void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab', () =>
      setTimeout(() => socket.resetAndDestroy(), 20),
    ),
  'that ends early': (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab'),
  'in broken chunks': (socket) =>
    void socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
  'that is not what its encoding says': (socket) =>
    void socket.end('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nab'),
}

test.each(Object.entries(BROKEN_BODIES))('a 200 with a body %s acknowledges', async (_, answer) => {
  const { state, attempts } = await deliver(answer)
  expect([state, attempts.length]).toEqual(['acked', 1])
})

test('a gigabyte is not read, and a compressed answer not inflated', async () => {
  let sent = 0
  const endless = await deliver((socket) => {
    const more = () => {
      while (!socket.destroyed && sent < 2 ** 30) {
        sent += 65_536
        if (!socket.write(Buffer.alloc(65_536, 120))) return void socket.once('drain', more)
      }
    }
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n')
    more()
  })
  expect([endless.state, endless.attempts[0]!.answer!.length]).toEqual(['acked', 16_384])
  expect(sent).toBeLessThan(64 * 2 ** 20)
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`
  const { attempts } = await deliver(Buffer.concat([Buffer.from(head), bomb]))
  expect(attempts[0]!.answer!.charCodeAt(0)).toBe(0x1f)
})

/** Writes a text byte by byte, for as long as the other side listens. */
const drip = (text: string) => (socket: Socket) => {
  let sent = 0
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer)
    else socket.write(text[sent++ % text.length]!)
  }, 5)
}

/** Receivers that take longer than an attempt may, and what becomes of the delivery. */
const SLOW: [string, (socket: Socket) => void, DeliveryState, AttemptCode | undefined][] = [
  ['that never answers', () => {}, 'exhausted', 'timeout'],
  ['that drips its head', drip('HTTP/1.1 200 OK\r\nx: '.padEnd(400, 'y')), 'exhausted', 'timeout'],
  [
    'that drips its body',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
      drip('x')(socket)
    },
    'acked',
    undefined,
  ],
  [
    'that announces an answer for ever',
    (socket) => drip('HTTP/1.1 102 Processing\r\n\r\n')(socket),
    'exhausted',
    'timeout',
  ],
]

test.each(SLOW)('the deadline of an attempt covers a receiver %s', async (_, answer, state, code) => {
  const delivery = await deliver(answer, { timeoutMs: 60 })
  expect(delivery.state).toBe(state)
  expect(delivery.attempts.map((attempt) => attempt.code)).toEqual(
    Array(state === 'acked' ? 1 : 12).fill(code),
  )
})
