import { createReceiver } from '@gwh/core'
import { createFakeClock, queuedDelivery, signedDelivery } from '@gwh/testing'
import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { until } from './until.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const VOLATILE = { name: 'WebhookConfigError', code: 'store_volatile', status: 503 }
const SECRET = `whsec_${Buffer.from('an example secret of 32 bytes ok').toString('base64')}`

const REFUSED = [
  ['evicts by allkeys-lru', 'allkeys-lru', ['--maxmemory-policy', 'allkeys-lru']],
  ['evicts by volatile-ttl', 'volatile-ttl', ['--maxmemory-policy', 'volatile-ttl']],
  ['keeps nothing', 'appendonly yes', ['--appendonly', 'no']],
  ['only takes snapshots', 'appendonly yes', ['--appendonly', 'no', '--save', '60 1']],
] as const

test.each(REFUSED)('a Redis that %s is refused, and nothing is written to it', async (_, word, args) => {
  const server = await useRedis(...args)
  const message = expect.stringContaining(word)
  const queue = useQueue(server)
  await expect(queue.ready?.()).rejects.toMatchObject({ ...VOLATILE, message })
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject({ ...VOLATILE, message })
  expect(await useClient(server).keys('bull:gwh:gwh-*')).toEqual([])
})

test('a Redis that evicts is used when that is allowed', async () => {
  const queue = useQueue(await useRedis('--maxmemory-policy', 'allkeys-lru'), { allowEviction: true })
  await queue.ready?.()
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})

test('a Redis without an append-only file is used when that is allowed', async () => {
  const queue = useQueue(await useRedis('--appendonly', 'no'), { allowVolatile: true })
  await queue.ready?.()
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})

test('allowing one of the two does not allow the other', async () => {
  const server = await useRedis('--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru')
  const one = useQueue(server, { allowVolatile: true })
  const other = useQueue(server, { allowEviction: true })
  await expect(one.ready?.()).rejects.toMatchObject({ message: expect.stringContaining('maxmemory-policy') })
  await expect(other.ready?.()).rejects.toMatchObject({ message: expect.stringContaining('appendonly') })
})

test('a receiver on a volatile Redis is not ready, answers 503 and says why', async () => {
  const queue = useQueue(await useRedis('--appendonly', 'no'))
  const signals: unknown[] = []
  const observer = (signal: unknown) => signals.push(signal)
  const receiver = createReceiver({ static: { secrets: SECRET }, queue, observer })
  await expect(receiver.ready()).rejects.toMatchObject(VOLATILE)
  const answer = await receiver.receive(await signedDelivery({ secret: SECRET }))
  expect(answer).toMatchObject({ status: 503, body: '{"error":"store_volatile"}' })
  expect(signals).toMatchObject([{ type: 'fault', code: 'store_volatile', error: VOLATILE }])
})

test('a receiver is ready while Redis is down, and checks once it is up', async () => {
  const server = await useRedis('--appendonly', 'no')
  await server.signal('SIGKILL')
  const queue = useQueue(server)
  await queue.ready?.()
  await server.start()
  await until('the volatile Redis is refused', async () => {
    const error = await queue.enqueue(queuedDelivery()).catch((error: unknown) => error)
    return (error as { code?: string }).code === VOLATILE.code
  })
})

test('Redis is asked once for each connection', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const client = useClient(server)
  await queue.ready?.()
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await until('the new connection is refused', async () => {
    const error = await queue.enqueue(queuedDelivery()).catch((error: unknown) => error)
    return (error as { code?: string }).code === VOLATILE.code
  })
  await client.config('SET', 'maxmemory-policy', 'noeviction')
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})

test.each([
  ['appendonly', 'no'],
  ['maxmemory-policy', 'allkeys-lru'],
])('that %s became %s during a connection is noticed within a minute', async (setting, value) => {
  const server = await useRedis()
  const clock = createFakeClock()
  const queue = useQueue(server, { clock })
  await queue.enqueue(queuedDelivery())
  await useClient(server).config('SET', setting, value)
  await clock.advance(59_999)
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await clock.advance(1)
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(VOLATILE)
})

test('Redis is asked once a minute, however many deliveries come at that moment', async () => {
  const server = await useRedis()
  const clock = createFakeClock()
  const queue = useQueue(server, { clock })
  const client = useClient(server)
  const enqueueMany = () => Promise.all(Array.from({ length: 20 }, () => queue.enqueue(queuedDelivery())))
  await enqueueMany()
  await takeInfos(client)
  await enqueueMany()
  expect(await takeInfos(client)).toBe(0)
  await clock.advance(60_000)
  await enqueueMany()
  // One for the memory, one for the persistence.
  expect(await takeInfos(client)).toBe(2)
})

test('a Redis that does not reveal its settings is accepted', async () => {
  const server = await useRedis('--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no')
  const rights = ['on', '>password', '~*', '&*', '+@all', '-info']
  await useClient(server).call('ACL', 'SETUSER', 'limited', ...rights)
  const connection = server.url.replace('redis://', 'redis://limited:password@')
  expect(await useQueue(server, { connection }).enqueue(queuedDelivery())).toBe('enqueued')
})

/** How often INFO was called since this was asked last. */
async function takeInfos(client: Redis): Promise<number> {
  const stats = await client.call('INFO', 'commandstats')
  const calls = /^cmdstat_info:calls=(\d+)/m.exec(String(stats))
  await client.config('RESETSTAT')
  return Number(calls?.[1] ?? 0)
}
