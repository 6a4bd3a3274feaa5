import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createReceiver } from '@gwh/core'
import { createEmulator } from '@gwh/emulator'
import { createNodeHandler } from '@gwh/node'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { freePort } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { networkDisk } from '../src/lib/doctor/storage.ts'
import { emptyFolder, gwh } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}

/** The public keys of an emulator, so that nothing outside is asked. */
async function keysUrl(): Promise<string> {
  const emulator = createEmulator()
  onTestFinished(() => emulator.close())
  return `${(await emulator.listen({ port: 0 })).url}/.well-known/jwks.json`
}

const handler = () => {
  const receiver = createReceiver({ static: { secrets: SECRET }, bodyTimeoutMs: 300, observer: () => {} })
  return createNodeHandler(receiver, { path: '/hook' })
}

interface Report {
  code: number | null
  findings: { check: string; status: string; message: string; fix?: string }[]
}

async function doctor(args: readonly string[], env: Record<string, string> = {}): Promise<Report> {
  const all = { GEMINI_WEBHOOK_SECRET: SECRET, GWH_JWKS_URL: await keysUrl(), ...env }
  const { code, stdout, stderr } = await gwh(
    emptyFolder(),
    ['doctor', ...args, '--timeout', '3', '--json'],
    all,
  )
  expect(stderr).toBe('')
  return { code, findings: JSON.parse(stdout).findings }
}

const bad = ({ findings }: Report) =>
  findings.filter(({ status }) => status === 'failed' || status === 'warning')
const of = ({ findings }: Report, check: string) => findings.find((finding) => finding.check === check)

test('a receiver of ours is well', async () => {
  const report = await doctor([await listen(handler())])
  expect(bad(report)).toEqual([])
  expect(report.code).toBe(0)
  expect(report.findings.map(({ check }) => check)).toEqual([
    'Node.js',
    'SQLite',
    'secrets',
    'public keys',
    'clock, by 127.0.0.1',
    'receiver',
    'clock, by 127.0.0.1',
    ...[
      'a signed ping',
      'the same ping again',
      'unusual JSON, byte for byte',
      'text outside ASCII, byte for byte',
      'a stale delivery',
      'the same ping twice at once',
    ],
    ...['a forged delivery', 'a forged dynamic delivery', 'a token without a signature'],
    ...['a delivery without webhook-id', 'a malformed timestamp'],
    ...['a body over 1 MiB', 'a body over 1 MiB of no announced length', 'an encoded body'],
    ...['a GET request', 'another path', 'a body that never ends', 'queue'],
  ])
})

test('a receiver that waits for ever, one that shows its stack, and one that handles a ping twice are found', async () => {
  const silent = await doctor([await listen((request) => void request.resume())])
  expect(of(silent, 'receiver')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('nothing complete within 3 s'),
  })
  const patient = await doctor([
    await listen(async (request, response) => {
      await buffer(request).catch(() => {})
      response.end()
    }),
  ])
  expect(of(patient, 'a body that never ends')).toMatchObject({
    status: 'warning',
    message: 'no answer within 3 s',
    fix: expect.stringContaining('silent senders'),
  })
  for (const check of ['a forged dynamic delivery', 'a token without a signature']) {
    expect(of(patient, check)?.status).toBe('failed')
  }
  const careless = await listen((_, response) => {
    response.writeHead(401).end('Error: no\n    at verify (/app/server.js:10:20)\n    at x')
  })
  expect(of(await doctor([careless]), 'a forged delivery')?.message).toBe('401, with a stack trace')
  const broken = await doctor([
    await listen(
      (_, response) => void response.writeHead(401, { 'content-encoding': 'gzip' }).end('no gzip'),
    ),
  ])
  expect(of(broken, 'a body over 1 MiB')).toMatchObject({
    status: 'failed',
    message: 'no answer (Z_DATA_ERROR)',
  })
  let pings = 0
  const racing = await doctor([
    await listen((_, response) => {
      // The answers to the last ping of six.
      response.writeHead(++pings > 6 ? 500 : 200).end()
    }),
  ])
  expect(of(racing, 'the same ping twice at once')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/^\d+ and 500 instead of 200 and 200/),
  })
})

test('a receiver of dynamic webhooks only gets one failure, which names that', async () => {
  const dynamic = { jwks: await keysUrl(), jobKey: 'k'.repeat(32) }
  const receiver = createReceiver({ dynamic, bodyTimeoutMs: 300, observer: () => {} })
  const report = await doctor([await listen(createNodeHandler(receiver, { path: '/hook' }))])
  expect(bad(report)).toMatchObject([
    { check: 'a signed ping', status: 'failed', fix: expect.stringContaining('dynamic webhooks only') },
  ])
  const skipped = report.findings.filter(({ message }) => message === 'the receiver refused the signed ping')
  expect(skipped.map(({ check, status }) => [check, status])).toEqual([
    ['the same ping again', 'skipped'],
    ['unusual JSON, byte for byte', 'skipped'],
    ['text outside ASCII, byte for byte', 'skipped'],
    ['a stale delivery', 'skipped'],
    ['the same ping twice at once', 'skipped'],
  ])
})

test('a body parser in front is found', async () => {
  const app = express().use(express.json()).use(handler())
  const report = await doctor([await listen(app)])
  expect(report.code).toBe(1)
  expect(of(report, 'a signed ping')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('arrives parsed'),
  })
})

test('a proxy that writes bodies anew is found', async () => {
  const target = await listen(handler())
  const proxy = await listen(async (request, response) => {
    const { method, headers, url } = request
    const { 'content-length': _, ...kept } = headers
    // The body that never ends is cut off.
    const bytes = await buffer(request).catch(() => undefined)
    if (bytes === undefined) return
    const text = bytes.toString()
    const body = text.startsWith('{') ? JSON.stringify(JSON.parse(text)) : text
    const answer = await fetch(new URL(url!, target), {
      method: method!,
      headers: kept as Record<string, string>,
      ...(method === 'POST' && { body }),
    }).catch(() => undefined)
    response.writeHead(answer?.status ?? 413).end(await answer?.text())
  })
  const report = await doctor([proxy])
  expect(of(report, 'a signed ping')?.status).toBe('ok')
  expect(of(report, 'unusual JSON, byte for byte')).toMatchObject({
    status: 'failed',
    message: '401 instead of 200',
    fix: expect.stringContaining('writes it anew'),
  })
})

test('a receiver that accepts anything, one with another secret, one that redirects, one that is down', async () => {
  const gullible = await doctor([await listen((_, response) => void response.end())])
  const open = ['a stale delivery', 'a forged delivery', 'a malformed timestamp', 'a GET request']
  for (const check of open) expect(of(gullible, check)?.status).toBe('failed')
  const other = await doctor([await listen(handler())], {
    GEMINI_WEBHOOK_SECRET: 'whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=',
  })
  expect(of(other, 'a signed ping')).toMatchObject({
    status: 'failed',
    fix: expect.stringContaining('another secret'),
  })
  const redirecting = await doctor([
    await listen((_, response) => void response.writeHead(308, { location: '/x' }).end()),
  ])
  for (const check of ['a signed ping', 'a GET request']) {
    expect(of(redirecting, check)?.message).toContain('a redirect')
  }
  expect(of(await doctor([`http://127.0.0.1:${await freePort()}/hook`]), 'receiver')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a clock that is wrong, keys that are not there and a secret that is none are found', async () => {
  const late = await listen((_, response) => {
    response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString())
    response.end('{"keys":[{"kty":"OKP","crv":"Ed25519"}]}')
  })
  const clock = of(await doctor([], { GWH_JWKS_URL: late }), 'clock, by 127.0.0.1')
  expect(clock).toMatchObject({ status: 'failed', message: expect.stringMatching(/^3[56]\d\d s off/) })
  const down = await doctor([], {
    GWH_JWKS_URL: 'http://127.0.0.1:9/keys',
    GEMINI_WEBHOOK_SECRET: 'whsec_short',
  })
  expect(of(down, 'public keys')).toMatchObject({ status: 'failed', fix: expect.stringContaining('--jwks') })
  expect(of(down, 'secrets')?.status).toBe('failed')
  expect(JSON.stringify(down)).not.toContain('short"')
})

test('a queue in SQLite is looked at; one that is not there is not made', async () => {
  const path = join(emptyFolder(), 'queue.db')
  expect(of(await doctor(['--queue', path]), 'queue')?.status).toBe('failed')
  await createSqliteQueue({ path }).close()
  expect(of(await doctor(['--queue', path]), 'queue')).toMatchObject({
    status: 'ok',
    message: '0 pending, 0 dead',
  })
  expect([networkDisk(0x6969), networkDisk(-11317950), networkDisk(0xef53)]).toEqual([
    'NFS',
    'CIFS',
    undefined,
  ])
})

test('deliveries.db in this folder is found as `gwh queue` finds it; without it the queue is skipped', async () => {
  const cwd = emptyFolder()
  const env = { GWH_JWKS_URL: await keysUrl() }
  const none = await gwh(cwd, ['doctor'], env)
  expect(none).toMatchObject({ code: 0, stderr: '' })
  expect(none.stdout).toMatch(/^skipped queue: .*no deliveries\.db in this folder\n +.*--queue/m)
  expect(readdirSync(cwd)).toEqual([])
  await createSqliteQueue({ path: join(cwd, 'deliveries.db') }).close()
  const found = await gwh(cwd, ['doctor'], env)
  expect(found).toMatchObject({ code: 0, stderr: 'The queue is deliveries.db in this folder.\n' })
  expect(found.stdout).toMatch(/^ok {6}queue: 0 pending, 0 dead$/m)
  const other = await gwh(cwd, ['doctor'], { ...env, GWH_QUEUE: 'other.db' })
  expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining('other.db does not exist') })
})

test('a Redis that may lose deliveries is found', async () => {
  const server = await startRedisServer('--maxmemory-policy', 'allkeys-lru')
  onTestFinished(() => server.stop())
  const report = await doctor(['--queue', server.url])
  expect(of(report, 'Redis eviction')).toMatchObject({
    status: 'failed',
    fix: 'Set maxmemory-policy noeviction.',
  })
  expect(of(report, 'Redis persistence')?.status).toBe('failed')
  const durable = await startRedisServer('--appendonly', 'yes')
  onTestFinished(() => durable.stop())
  expect(bad(await doctor(['--queue', durable.url]))).toEqual([])
  expect(of(await doctor(['--queue', 'redis://:hidden@127.0.0.1:9']), 'Redis')?.status).toBe('failed')
})

test('a person reads a line for each finding, and what to do', async () => {
  const env = { GWH_JWKS_URL: await keysUrl() }
  const { code, stdout } = await gwh(
    emptyFolder(),
    ['doctor', await listen((_, response) => void response.end())],
    env,
  )
  expect(code).toBe(1)
  expect(stdout).toMatch(/^FAILED {2}a forged delivery: 200 instead of 401\n {8}Verify the signature/m)
  expect(stdout).toMatch(/^skipped signed deliveries: /m)
  expect(stdout).toMatch(/\d failed\.\n$/)
})

test('a proxy that refuses the receiver is a finding, not a crash', async () => {
  const server = createServer((_, response) => void response.writeHead(502).end())
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const HTTP_PROXY = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY }
  const report = await doctor(['http://receiver.example/hook'], env)
  expect(report.code).toBe(1)
  expect(of(report, 'receiver')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/cannot be reached \(\w+\)$/),
  })
})
