import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryQueue, createReceiver, type WebhookEvent } from '@gwh/core'
import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { signedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { forwardToQueue, forwardToUrl } from '../src/index.ts'
import { serveFetch } from './support.ts'
import { createWorld, MINUTE_MS } from './world.ts'

const PATH = '/hook'
const SECRET = `whsec_${Buffer.from('an inner secret of 32 bytes okay').toString('base64')}`

/** Another service, with a receiver of its own. */
async function startService(statuses: number[] = []) {
  const seen: WebhookEvent[] = []
  const bodies: string[] = []
  const receiver = createReceiver({ static: { secrets: SECRET }, observer: () => {} })
  receiver.on('*', (event) => void seen.push(event))
  const url = await serveFetch(async (request) => {
    bodies.push(await request.clone().text())
    const status = statuses.shift()
    return status === undefined
      ? await receiver.fetch(request)
      : new Response('no', { status, headers: { location: '/hook' } })
  })
  return { url, seen, bodies }
}

test('events are forwarded by their metadata to another service, which can verify them', async () => {
  const service = await startService()
  const world = await createWorld()
  const receiver = world.createReceiver(PATH)
  const options = { url: service.url, secret: SECRET }
  receiver.on({ metadata: { job_group: 'nightly' } }, forwardToUrl(options))
  const { name } = await world.createBatch(PATH, { job_group: 'nightly', part: 7 })
  await world.createBatch(PATH, { job_group: 'other' })
  await world.advance(MINUTE_MS)
  const userMetadata = { job_group: 'nightly', part: 7 }
  expect(service.seen).toMatchObject([{ type: 'batch.succeeded', id: name, userMetadata }])
  expect(service.bodies.join()).not.toContain(JOB_TOKEN_FIELD)
})

test('what the service does not accept is sent again, and what it has accepted before is a duplicate there', async () => {
  const service = await startService([503, 404, 307])
  const world = await createWorld()
  const receiver = world.createReceiver(PATH)
  receiver.on('*', forwardToUrl({ url: service.url, secret: SECRET }))
  let answers = 0
  receiver.on('*', () => {
    if (++answers === 1) throw new TypeError('a later handler fails')
  })
  await world.createBatch(PATH)
  await world.advance(60 * MINUTE_MS)
  expect(service.bodies).toHaveLength(5)
  // One attempt for each: the redirect was not followed.
  expect(world.emulator.deliveries()[0]!.attempts).toHaveLength(5)
  expect(service.seen).toHaveLength(1)
  expect(world.emulator.deliveries()).toMatchObject([{ state: 'acked' }])
})

test('a service that cannot be reached fails the delivery with a code', async () => {
  const world = await createWorld()
  const signals: unknown[] = []
  const receiver = world.createReceiver(PATH, { observer: (signal) => signals.push(signal) })
  receiver.on('*', forwardToUrl({ url: 'http://127.0.0.1:9', secret: SECRET }))
  await receiver.emit({ type: 'batch.succeeded', data: { id: 'x' } }, { id: 'x' }).catch(() => {})
  expect(signals).toMatchObject([{ type: 'failed', error: { code: 'forward_failed' } }])
})

test('events are forwarded to another queue, where they are handled once', async () => {
  const world = await createWorld()
  const receiver = world.createReceiver(PATH)
  const queue = createMemoryQueue({ clock: world.clock })
  receiver.on({ metadata: { priority: 'high' } }, forwardToQueue(queue, { endpoint: 'urgent' }))
  let failed = false
  receiver.on('*', () => {
    if (failed) return
    failed = true
    throw new TypeError('a later handler fails')
  })
  const urgent = world.createReceiver('/urgent', { queue, endpoint: 'urgent' })
  const handled: WebhookEvent[] = []
  urgent.on('batch.succeeded', (event) => void handled.push(event))
  const { name } = await world.createBatch(PATH, { priority: 'high' })
  await world.advance(60 * MINUTE_MS)
  await urgent.drain()
  expect(handled).toMatchObject([{ id: name, userMetadata: { priority: 'high' } }])
  expect(await queue.list()).toMatchObject([{ message: { endpoint: 'urgent', scheme: 'dynamic' } }])
})

/** A database file that exists until the end of the test. */
function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-forward-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'queues.db')
}

test('an event is handled on both sides when the two queues share a database file', async () => {
  const world = await createWorld()
  const path = temporaryDatabase()
  const source = createSqliteQueue({ path, clock: world.clock })
  const target = createSqliteQueue({ path, clock: world.clock })
  onTestFinished(async () => void (await Promise.all([source.close(), target.close()])))
  const receiver = world.createReceiver(PATH, { queue: source })
  receiver.on('*', forwardToQueue(target, { endpoint: 'urgent', now: () => world.clock.now() }))
  const urgent = world.createReceiver('/urgent', { queue: target, endpoint: 'urgent' })
  const handled: string[] = []
  urgent.on('*', (event) => void handled.push(event.type))
  await world.createBatch(PATH)
  await world.advance(MINUTE_MS)
  await receiver.emit({ type: 'video.generated', data: { id: 'x' } }, { id: 'local 1' })
  await receiver.drain()
  // On one file each receiver also meets deliveries of the other, which it leaves to be retried.
  await world.advance(MINUTE_MS)
  await urgent.drain()
  expect(handled.sort()).toEqual(['batch.succeeded', 'video.generated'])
})

test('an event that two receivers forward to a queue, and that its endpoint receives itself, is one delivery there', async () => {
  const world = await createWorld()
  const queue = createMemoryQueue({ clock: world.clock })
  const options = { static: { secrets: SECRET }, observer: () => {} }
  const forward = forwardToQueue(queue, { endpoint: 'urgent' })
  const receivers = [
    createReceiver({ ...options, endpoint: 'one' }).on('*', forward),
    createReceiver({ ...options, endpoint: 'two' }).on('*', forward),
    createReceiver({ ...options, endpoint: 'urgent', queue }),
  ]
  const body = '{"type":"batch.succeeded","data":{"id":"batches/one"}}'
  const signed = await signedDelivery({ body, secret: SECRET })
  for (const receiver of receivers) expect(await receiver.receive(signed)).toMatchObject({ status: 200 })
  expect(await queue.list()).toHaveLength(1)
})

test('an event that is forwarded to its own endpoint by mistake goes round at most once', async () => {
  const world = await createWorld()
  const queue = createMemoryQueue({ clock: world.clock })
  const receiver = world.createReceiver(PATH, { queue })
  let handled = 0
  receiver.on('*', () => void handled++)
  receiver.on('*', forwardToQueue(queue))
  await receiver.emit({ type: 'batch.succeeded', data: { id: 'x' } }, { id: 'local 1' })
  await world.createBatch(PATH)
  await world.advance(MINUTE_MS)
  for (let turn = 0; turn < 5; turn++) await receiver.drain()
  expect(handled).toBe(3)
})

test.each([
  [{ url: 'nowhere', secret: SECRET }, /url/],
  [{ url: 'data:text/plain,ok', secret: SECRET }, /https or http, not data:/],
  [{ url: new URL('ftp://app.example'), secret: SECRET }, /https or http, not ftp:/],
  [{ url: 'https://user@app.example', secret: SECRET }, /no user and no password/],
  [{ url: 'https://:pass@app.example', secret: SECRET }, /^(?!.*pass@).*no password/],
  [{ url: 'https://app.example', secret: '' }, /secret/],
  [{ url: 'https://app.example', secret: SECRET, timeoutMs: 0 }, /timeoutMs/],
  [{ url: 'https://app.example', secret: SECRET, timeoutMs: 2 ** 31 }, /timeoutMs must be at most/],
  [{ url: 'https://app.example', secret: SECRET, uri: '' }, /no option/],
])('options %j are refused', (options, message) => {
  expect(() => forwardToUrl(options)).toThrow(message)
})
