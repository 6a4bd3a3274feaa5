// Servers that store deliveries outside of memory.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createBullmqQueue } from '@gwh/bullmq'
import { createNodeHandler } from '@gwh/node'
import { createRedisStore } from '@gwh/store-redis'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { Queue } from 'bullmq'
import express from 'express'
import { Redis } from 'ioredis'
import { Webhook } from 'standardwebhooks'
import { SECRET } from '../deliveries.ts'
import { listen, makeReceiver } from './around.ts'
import { bare } from './node-servers.ts'
export const sqliteQueue = ({ folder }) => {
  const path = join(folder, 'ours.db')
  const queue = createSqliteQueue({ path, maxPending: 10000000, minFreeBytes: 0 })
  return listen(createNodeHandler(makeReceiver({ queue })))
}
export const sqliteOneEach = ({ folder }) => {
  const database = new DatabaseSync(join(folder, 'one-each.db'))
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE d (id TEXT PRIMARY KEY, body BLOB)',
  )
  const insert = database.prepare('INSERT OR IGNORE INTO d VALUES (?, ?)')
  return listen(bare((id, body) => insert.run(id, body)))
}
export const redisStore = ({ redisUrl }) => {
  const store = createRedisStore({ client: new Redis(redisUrl) })
  return listen(createNodeHandler(makeReceiver({ store })))
}
export const bullmqQueue = ({ redisUrl }) =>
  listen(
    createNodeHandler(makeReceiver({ queue: createBullmqQueue({ connection: redisUrl, name: 'ours' }) })),
  )
/** What a user would write: Google's sample, SET NX against duplicates, then BullMQ. An end between the two loses events. */
export const bullmqByHand = ({ redisUrl }) => {
  const redis = new Redis(redisUrl)
  const { hostname: host, port } = new URL(redisUrl)
  const queue = new Queue('users', { connection: { host, port: Number(port) } })
  const webhook = new Webhook(SECRET)
  const app = express()
  app.disable('etag')
  app.post('/webhooks/gemini', express.text({ type: '*/*' }), async (request, response) => {
    webhook.verify(request.body, request.headers)
    const id = request.headers['webhook-id']
    if (await redis.set(`seen:${id}`, '1', 'PX', 259200000, 'NX'))
      await queue.add('delivery', { body: request.body }, { jobId: id })
    response.send('ok')
  })
  return listen(app)
}
