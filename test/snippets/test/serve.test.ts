import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { freePort, signedDelivery } from '@gwh/testing'
import { untilAnswered } from '@gwh-test/support/until-answered'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { RUNTIMES, spawnDeno, startChild, startLimitedChild } from './start-child.ts'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwh-serve-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const post = async (url: string, body?: string) => {
  const delivery = await signedDelivery({ secret: SECRET, ...(body && { body }) })
  return await fetch(url, { method: 'POST', headers: delivery.headers, body: new Uint8Array(delivery.body) })
}
const quick = (length = 0) => `{"type":"other","data":{"pad":"${'x'.repeat(length)}"}}`

/** The bytes of a request up to its body. */
const head = async (changes: Record<string, string>) => {
  const { headers } = await signedDelivery({ secret: SECRET })
  const lines = Object.entries({ host: 'x', ...headers, ...changes }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `POST / HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A connection, and what was received on it. */
function open(port: number) {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  const listeners = new Set<() => void>()
  socket.on('data', (chunk) => {
    answer += chunk
    for (const listener of listeners) listener()
  })
  socket.on('error', () => {})
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(answer)))
  const connected = new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true))
    closed.then(() => resolve(false))
  })
  const answered = new Promise<string>((resolve) => {
    listeners.add(() => answer.includes('\r\n\r\n') && resolve(answer))
    closed.then(resolve)
  })
  return { socket, connected, answered, closed }
}

async function pauseAfterFailure(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return 0
}

describe.each(Object.keys(RUNTIMES))('serve of @gwh/%s', (runtime) => {
  async function start(options: object = {}) {
    const gate = join(folder, crypto.randomUUID())
    const child = startChild(runtime, 'children/serve.ts', runtime, JSON.stringify({ gate, ...options }))
    children.push(child.process)
    const [, url, port] = (await child.hear('listening')) as [string, string, number]
    return { ...child, url, port, openGate: () => writeFileSync(gate, '') }
  }

  test('serves its path and no other, and logs its URL', async () => {
    const server = await start({ path: '/webhooks/gemini' })
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/webhooks/gemini`)
    expect((await post(`${server.url}?x=1`, quick())).status).toBe(200)
    expect((await post(`${server.url}/other`, quick())).status).toBe(404)
    server.process.kill('SIGTERM')
    expect(await server.ended).toEqual([0, null])
  })

  test('on SIGTERM answers requests in progress, then exits', async () => {
    const server = await start()
    const idle = open(server.port)
    idle.socket.write(await head({ 'content-length': '0' }))
    await idle.answered
    const answer = post(server.url)
    await server.hear('entered')
    server.process.kill('SIGTERM')
    server.openGate()
    const response = await answer
    expect([response.status, await response.json()]).toEqual([200, { status: 'accepted' }])
    expect(await server.ended).toEqual([0, null])
    await idle.closed
  })

  test('on SIGTERM waits for the handlers of its worker, and leaves the queue settled', async () => {
    const database = join(folder, `${runtime}.db`)
    const server = await start({ database, work: true })
    expect((await post(server.url)).status).toBe(200)
    await server.hear('entered')
    server.process.kill('SIGTERM')
    server.openGate()
    await server.hear('left')
    expect(await server.ended).toEqual([0, null])
    const queue = createSqliteQueue({ path: database })
    expect(await queue.stats()).toMatchObject({ done: 1, pending: 0, running: 0, retrying: 0, dead: 0 })
    await queue.close()
  })

  test('aborts what does not finish within its timeout', async () => {
    const server = await start({ closeTimeoutMs: 50 })
    const half = open(server.port)
    half.socket.write(await head({ 'content-length': '50' }))
    half.socket.write('{')
    const hanging = post(server.url).catch(() => 'cut off')
    await server.hear('entered')
    server.process.kill('SIGTERM')
    expect(await hanging).toBe('cut off')
    await half.closed
    server.openGate()
    expect(await server.ended).toEqual([0, null])
  })

  test('a second signal ends it at once', async () => {
    const server = await start({ database: join(folder, `${runtime}-second.db`), work: true })
    await post(server.url)
    await server.hear('entered')
    server.process.kill('SIGTERM')
    // Until the first signal has been handled, which cannot be seen from outside, a second one merges with it.
    const again = setInterval(() => server.process.kill('SIGTERM'), 20)
    expect((await server.ended)[1]).toBe('SIGTERM')
    clearInterval(again)
  })

  test('a body that does not arrive in time is refused', async () => {
    const server = await start({ receiver: { bodyTimeoutMs: 20 } })
    const slow = open(server.port)
    slow.socket.write(await head({ 'content-length': '50' }))
    slow.socket.write('{')
    expect(await slow.answered).toMatch(/^HTTP\/1\.1 408 .*connection: close.*"error":"body_timeout"/is)
    server.process.kill('SIGTERM')
    expect(await server.ended).toEqual([0, null])
  })

  test('a body of exactly the limit is accepted, and a chunked one that grows past it is not', async () => {
    const server = await start({ receiver: { maxBodyBytes: 1000 } })
    expect((await post(server.url, quick().padEnd(1000))).status).toBe(200)
    expect((await post(server.url, quick().padEnd(1001))).status).toBe(413)
    const growing = open(server.port)
    growing.socket.write(await head({ 'transfer-encoding': 'chunked' }))
    growing.socket.write(`400\r\n${'x'.repeat(1024)}\r\n`.repeat(100))
    expect(await growing.answered).toMatch(/^HTTP\/1\.1 413 .*"error":"body_too_large"/s)
    server.process.kill('SIGTERM')
    expect(await server.ended).toEqual([0, null])
  })

  test('refuses a port in use, unknown options, and work without a queue, and exits', async () => {
    const first = await start()
    for (const [options, code] of [
      [{ port: first.port }, /EADDRINUSE|AddrInUse/],
      [{ prot: 1 }, /option_invalid/],
      [{ work: true }, /option_invalid/],
    ] as const) {
      const child = startChild(runtime, 'children/refused.ts', runtime, JSON.stringify(options))
      children.push(child.process)
      expect((await child.hear('refused'))[1]).toMatch(code)
      expect(await child.ended).toEqual([0, null])
    }
    first.process.kill('SIGTERM')
    await first.ended
  })
})

test('while @gwh/deno closes, new deliveries are asked to retry', async () => {
  const gate = join(folder, crypto.randomUUID())
  const child = startChild('deno', 'children/serve.ts', 'deno', JSON.stringify({ gate }))
  children.push(child.process)
  const [, url] = (await child.hear('listening')) as [string, string]
  const underWay = post(url)
  await child.hear('entered')
  child.process.kill('SIGTERM')
  let response = await post(url, quick())
  // The signal takes a moment to arrive; until then deliveries are accepted.
  for (let tries = 0; response.ok && tries < 200; tries++) response = await post(url, quick())
  expect([response.status, await response.json()]).toEqual([503, { error: 'draining' }])
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(30)
  writeFileSync(gate, '')
  expect((await underWay).status).toBe(200)
  expect(await child.ended).toEqual([0, null])
})

test('when idle connections have used up its descriptors, @gwh/deno closes them and accepts deliveries again', async () => {
  const child = startLimitedChild(60, 'deno', 'children/serve.ts', 'deno', '{}')
  children.push(child.process)
  const [, url, port] = (await child.hear('listening')) as [string, string, number]
  const idle = Array.from({ length: 80 }, () => open(port))
  const first = await idle[0]!.connected
  expect(first).toBe(true)
  await idle[0]!.closed
  let status = 0
  while (status !== 200)
    status = await post(url, quick()).then((response) => response.status, pauseAfterFailure)
  for (const { socket } of idle) socket.destroy()
  child.process.kill('SIGTERM')
  expect(await child.ended).toEqual([0, null])
})

test('`deno serve` serves a module that exports a handler of @gwh/deno', async () => {
  const port = String(await freePort())
  const child = spawnDeno('serve', '--port', port, '--host', '127.0.0.1', 'children/deno-serve.ts')
  children.push(child)
  const url = `http://127.0.0.1:${port}/webhooks/gemini`
  await untilAnswered(url)
  expect((await post(url)).status).toBe(200)
  expect((await post(`${url}/other`)).status).toBe(404)
})
