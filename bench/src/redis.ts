// How many deliveries Redis takes per second, one at a time and with 64 in flight: our atomic accept against the two steps
// people write, and our BullMQ queue against BullMQ itself.
import { randomBytes } from 'node:crypto'
import { createBullmqQueue } from '@gwh/bullmq'
import type { QueuedDelivery } from '@gwh/core/queue'
import { createRedisStore } from '@gwh/store-redis'
import { startRedisServer } from '@gwh/testing/redis'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { makeBody } from './deliveries.ts'
import { median } from './measured.ts'

const ROUNDS = 9
const ROUND_MS = 250
const DAY_MS = 86_400_000

const server = await startRedisServer('--appendonly', 'yes')
const connection = { host: '127.0.0.1', port: server.port }
const body = makeBody(300)
const text = Buffer.from(body).toString('base64')

const nodeRedis = await createClient({ url: server.url }).connect()
const ioRedis = new Redis(server.url)
const nodeStore = createRedisStore({ client: nodeRedis, prefix: 'a' })
const ioStore = createRedisStore({ client: ioRedis, prefix: 'b' })
const raw = new Queue('raw', { connection })
const two = new Queue('two', { connection })
const ours = createBullmqQueue({ connection: server.url, name: 'ours' })

const newKey = () => randomBytes(32).toString('hex')
const deadlines = () => ({ leaseUntil: Date.now() + 60_000, expiresAt: Date.now() + 3 * DAY_MS })
const options = (jobId: string) => ({ jobId, removeOnComplete: { age: 259_200 }, attempts: 12 })

function makeDelivery(): QueuedDelivery {
  const key = newKey()
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    key,
    endpoint: 'default',
    id: key.slice(0, 27),
    timestamp,
    scheme: 'static',
    receivedAt: Date.now(),
    body,
  }
}

type Contender = [name: string, accept: () => Promise<unknown>]

// Each group's ratios are to its first.
const groups: Contender[][] = [
  [
    [
      'node-redis: SET NX PX',
      () =>
        nodeRedis.set(`n:${newKey()}`, '1', { condition: 'NX', expiration: { type: 'PX', value: DAY_MS } }),
    ],
    ['node-redis: store.claim', () => nodeStore.claim(newKey(), deadlines())],
  ],
  [
    ['ioredis: SET NX PX', () => ioRedis.set(`i:${newKey()}`, '1', 'PX', DAY_MS, 'NX')],
    ['ioredis: store.claim', () => ioStore.claim(newKey(), deadlines())],
  ],
  [
    ['BullMQ: Queue.add', () => raw.add('delivery', { body: text }, options(newKey()))],
    ['BullMQ: our enqueue', () => ours.enqueue(makeDelivery())],
  ],
  [
    [
      'SET NX, then Queue.add',
      async () => {
        const key = newKey()
        if (await ioRedis.set(`t:${key}`, '1', 'PX', DAY_MS, 'NX'))
          await two.add('delivery', { body: text }, options(key))
      },
    ],
    ['BullMQ: our enqueue, one atomic step', () => ours.enqueue(makeDelivery())],
  ],
]

/** Deliveries per second of wall time, because round trips are what counts here. */
async function measure(accept: () => Promise<unknown>, inFlight: number): Promise<number> {
  const start = performance.now()
  let taken = 0
  const one = async () => {
    while (performance.now() - start < ROUND_MS) {
      await accept()
      taken++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  return (taken / (performance.now() - start)) * 1000
}

for (const inFlight of [1, 64]) {
  console.log(`\n300 B, ${inFlight} in flight (median of ${ROUNDS} rounds, lowest – highest)`)
  for (const group of groups) {
    const rates = group.map((): number[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, [, accept]] of group.entries()) rates[index]!.push(await measure(accept, inFlight))
      await ioRedis.flushall()
    }
    for (const [index, [name]] of group.entries()) {
      const [mid, base] = [median(rates[index]!), median(rates[0]!)]
      const spread = `${(Math.min(...rates[index]!) / 1000).toFixed(1)} – ${(Math.max(...rates[index]!) / 1000).toFixed(1)}`
      console.log(
        `  ${name.padEnd(40)} ${(mid / 1000).toFixed(1).padStart(6)} k/s  ${spread.padEnd(14)} × ${(mid / base).toFixed(2)}`,
      )
    }
  }
}

await Promise.all([ours.close(), raw.close(), two.close()])
ioRedis.disconnect()
await nodeRedis.close()
await server.stop()
