// One of several processes that share a file or a Redis: `<sqlite|redis> <path or url> <milliseconds>`. Prints how many
// deliveries it stored per second, 64 in flight.
import { randomBytes } from 'node:crypto'
import { createRedisStore } from '@gwh/store-redis'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { Redis } from 'ioredis'
import { makeBody } from '../deliveries.ts'

const [kind, where, ms] = process.argv.slice(2) as [string, string, string]
const IN_FLIGHT = 64
const DAY_MS = 86_400_000
const body = makeBody(300)
const store = kind === 'sqlite' ? openSqlite(where) : openRedis(where)

let stored = 0
await store()
const start = performance.now()
const end = start + Number(ms)
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    for (; performance.now() < end; stored++) await store()
  }),
)
console.log((stored / (performance.now() - start)) * 1_000)
process.exit()

function openSqlite(path: string): () => Promise<unknown> {
  const queue = createSqliteQueue({ path, maxPending: 1e9, minFreeBytes: 0 })
  return () => {
    const [key, receivedAt] = [randomBytes(32).toString('hex'), Date.now()]
    const timestamp = Math.floor(receivedAt / 1000)
    const id = `msg_${key.slice(0, 27)}`
    return queue.enqueue({ key, endpoint: 'default', id, timestamp, scheme: 'static', receivedAt, body })
  }
}

function openRedis(url: string): () => Promise<unknown> {
  const shared = createRedisStore({ client: new Redis(url), prefix: 'growth' })
  return async () => {
    const now = Date.now()
    const key = randomBytes(32).toString('hex')
    const claim = await shared.claim(key, { leaseUntil: now + 60_000, expiresAt: now + DAY_MS })
    if (claim.status === 'claimed') await shared.complete(claim)
  }
}
