import { queuedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const wrongType = { code: 'store_unavailable', message: expect.stringContaining('WRONGTYPE') }

async function harness() {
  const server = await useRedis()
  const [queue, redis] = [useQueue(server), useClient(server)]
  // The first command of a connection carries the script.
  await queue.enqueue(queuedDelivery())
  return { server, queue, redis }
}

test('deliveries of one turn share commands of at most 100', async () => {
  const { queue, redis } = await harness()
  await redis.config('RESETSTAT')
  const answers = await Promise.all(Array.from({ length: 150 }, () => queue.enqueue(queuedDelivery())))
  expect(new Set(answers)).toEqual(new Set(['enqueued']))
  expect(await redis.info('commandstats')).toMatch(/cmdstat_evalsha:calls=2,/)
  expect((await queue.stats()).pending).toBe(151)
})

test.each([
  { sizes: Array.from({ length: 8 }, () => 64), scripts: 2 },
  { sizes: [200, 56, 1, 255], scripts: 2 },
  { sizes: [1, 257, 1, 300, 0], scripts: 5 },
  { sizes: Array.from({ length: 9 }, () => 1024), scripts: 9 },
])(
  '$sizes.length bodies of one turn take $scripts commands: at most 256 KiB each, or one larger body',
  async ({ sizes, scripts }) => {
    const { queue, redis } = await harness()
    const messages = sizes.map((size) => queuedDelivery({ body: new Uint8Array(size * 1024) }))
    await redis.config('RESETSTAT')
    const answers = await Promise.all(messages.map((message) => queue.enqueue(message)))
    expect(answers).toEqual(sizes.map(() => 'enqueued'))
    expect(await redis.info('commandstats')).toContain(`cmdstat_evalsha:calls=${scripts},`)
  },
)

test('deliveries of one turn get their own answers, and duplicates among them are found', async () => {
  const { queue } = await harness()
  const [known, fresh, other] = [queuedDelivery(), queuedDelivery(), queuedDelivery()]
  await queue.enqueue(known)
  const answers = await Promise.all([fresh, known, other, fresh].map((message) => queue.enqueue(message)))
  expect(answers).toEqual(['enqueued', 'duplicate', 'enqueued', 'duplicate'])
  expect((await queue.get(other.key))?.message).toEqual(other)
})

test('a queue that is closed in the same turn accepts its deliveries first', async () => {
  const { server, queue } = await harness()
  const enqueued = Array.from({ length: 150 }, () => queue.enqueue(queuedDelivery()))
  const closed = queue.close()
  expect(new Set(await Promise.all(enqueued))).toEqual(new Set(['enqueued']))
  await closed
  expect((await useQueue(server).stats()).pending).toBe(151)
})

test('a job key that something else uses fails its own delivery only', async () => {
  const { queue, redis } = await harness()
  await redis.set('bull:gwh:gwh-foreign', 'not a job')
  const messages = ['a', 'foreign', 'b'].map((key) => queuedDelivery({ key }))
  const answers = await Promise.allSettled(messages.map((message) => queue.enqueue(message)))
  expect(answers).toMatchObject([{ value: 'enqueued' }, { reason: wrongType }, { value: 'enqueued' }])
  expect((await queue.stats()).pending).toBe(3)
})

test.each(['wait', 'marker', 'events', 'meta', 'id', 'active', 'delayed'])(
  'a delivery is handled when it is sent again after something else has used the key "%s" of the queue',
  async (name) => {
    const { queue, redis } = await harness()
    await queue.drain(async () => {})
    await redis.del(`bull:gwh:${name}`)
    await redis.set(`bull:gwh:${name}`, 'not of BullMQ')
    const message = queuedDelivery()
    await queue.enqueue(message).catch(() => {})
    await redis.del(`bull:gwh:${name}`)
    await queue.enqueue(message)
    const handled: string[] = []
    await queue.drain(async ({ key }) => void handled.push(key))
    expect(handled).toEqual([message.key])
  },
)

test('of deliveries of one turn with the same webhook-id, the last is the newest', async () => {
  const { queue } = await harness()
  const messages = ['c', 'b', 'a'].map((endpoint) =>
    queuedDelivery({ key: `${endpoint}:x`, id: 'x', endpoint }),
  )
  await Promise.all(messages.map((message) => queue.enqueue(message)))
  expect((await queue.get('x'))?.message.endpoint).toBe('a')
})

test('while Redis cannot be written to, all deliveries of a turn are refused, and the client sees why', async () => {
  const server = await useRedis()
  const seen: string[] = []
  // Where users say when to look for the new primary.
  const reconnectOnError = ({ message }: Error) => seen.push(message) < 0
  const queue = useQueue(server, { connection: { url: server.url, reconnectOnError } })
  const redis = useClient(server)
  await queue.enqueue(queuedDelivery())
  await redis.replicaof('127.0.0.1', 1)
  const refused = { reason: { code: 'store_unavailable', message: expect.stringContaining('READONLY') } }
  const answers = await Promise.allSettled([queue.enqueue(queuedDelivery()), queue.enqueue(queuedDelivery())])
  expect(answers).toMatchObject([refused, refused])
  expect(seen).toEqual([expect.stringMatching(/^READONLY/)])
  await redis.replicaof('NO', 'ONE')
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})
