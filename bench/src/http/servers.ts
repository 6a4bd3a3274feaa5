import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createBullmqQueue } from '@gwh/bullmq'
import { createReceiver } from '@gwh/core'
import { createNodeHandler } from '@gwh/node'
import { createRedisStore } from '@gwh/store-redis'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { Queue } from 'bullmq'
import express from 'express'
import { Redis } from 'ioredis'
import { Webhook } from 'standardwebhooks'
import { SECRET } from '../deliveries.ts'

/** What a server may keep its deliveries in. */
export interface Around {
  folder: string
  redisUrl: string
}

type MakeListener = (around: Around) => RequestListener

const key = createSecretKey(SECRET.slice(6), 'base64')

/** What a careful developer writes by hand: the right bytes, one secret, the window, a constant-time comparison. */
function isGenuine({ headers }: IncomingMessage, body: Buffer): boolean {
  const timestamp = headers['webhook-timestamp'] as string
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false
  const mac = createHmac('sha256', key).update(`${headers['webhook-id']}.${timestamp}.`).update(body).digest()
  const given = Buffer.from((headers['webhook-signature'] as string).slice(3), 'base64')
  return given.length === mac.length && timingSafeEqual(given, mac)
}

function bare(accept?: (id: string, body: Buffer) => void): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      if (!isGenuine(request, body)) return response.writeHead(401).end()
      JSON.parse(body.toString('utf8'))
      accept?.(request.headers['webhook-id'] as string, body)
      response.writeHead(200, { 'content-length': 2 }).end('ok')
    })
  }
}

/** Google's documented sample, repaired just enough to work. */
function googleSample(accept?: (id: string, body: string) => Promise<void>): RequestListener {
  const webhook = new Webhook(SECRET)
  const app = express()
  app.disable('etag')
  app.post('/webhooks/gemini', express.text({ type: '*/*' }), async (request, response) => {
    webhook.verify(request.body, request.headers as Record<string, string>)
    await accept?.(request.headers['webhook-id'] as string, request.body)
    response.send('ok')
  })
  return app
}

function sqliteOneEach({ folder }: Around): RequestListener {
  const database = new DatabaseSync(join(folder, 'one-each.db'))
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE d (id TEXT PRIMARY KEY, body BLOB)',
  )
  const insert = database.prepare('INSERT OR IGNORE INTO d VALUES (?, ?)')
  return bare((id, body) => insert.run(id, body))
}

function usersOwn({ redisUrl }: Around): RequestListener {
  const redis = new Redis(redisUrl)
  const { hostname: host, port } = new URL(redisUrl)
  const queue = new Queue('users', { connection: { host, port: Number(port) } })
  return googleSample(async (id, body) => {
    if (await redis.set(`seen:${id}`, '1', 'PX', 259_200_000, 'NX'))
      await queue.add('delivery', { body }, { jobId: id })
  })
}

const receiver = (more: object = {}) => createReceiver({ static: { secrets: SECRET }, ...more })

function onExpress(listener: RequestListener): RequestListener {
  const app = express()
  app.disable('etag')
  app.use('/webhooks/gemini', listener)
  return app
}

/** The others of a group are measured against its first. */
export const SERVERS: Record<string, MakeListener> = {
  'node:http, hand verification': () => bare(),
  '@gwh/node, inline, memory': () => createNodeHandler(receiver().onUnhandled(() => {})),
  '@gwh/node on Express 5': () => onExpress(createNodeHandler(receiver().onUnhandled(() => {}))),
  'Express 5 + standardwebhooks': () => googleSample(),
  '@gwh/node + SQLite queue': ({ folder }) =>
    createNodeHandler(
      receiver({
        queue: createSqliteQueue({ path: join(folder, 'ours.db'), maxPending: 10_000_000, minFreeBytes: 0 }),
      }),
    ),
  'node:http + SQLite, one transaction each': sqliteOneEach,
  '@gwh/node + Redis store, inline': ({ redisUrl }) =>
    createNodeHandler(
      receiver({ store: createRedisStore({ client: new Redis(redisUrl) }) }).onUnhandled(() => {}),
    ),
  '@gwh/node + BullMQ queue': ({ redisUrl }) =>
    createNodeHandler(receiver({ queue: createBullmqQueue({ connection: redisUrl, name: 'ours' }) })),
  'Express 5 + standardwebhooks + SET NX + BullMQ': usersOwn,
}

/** Makes a server listen on a free port. */
export function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}
