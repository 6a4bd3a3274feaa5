import { queuedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { until } from './until.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const INVALID = { name: 'WebhookConfigError', code: 'option_invalid' }

test.each(['allkeys-lru', 'volatile-ttl'])(
  'a Redis that evicts by %s is refused, and nothing is written to it',
  async (policy) => {
    const server = await useRedis('--maxmemory-policy', policy)
    const message = expect.stringContaining(policy)
    await expect(useQueue(server).enqueue(queuedDelivery())).rejects.toMatchObject({ ...INVALID, message })
    expect(await useClient(server).keys('bull:gwh:gwh-*')).toEqual([])
  },
)

test('a Redis that evicts is used when that is allowed', async () => {
  const queue = useQueue(await useRedis('--maxmemory-policy', 'allkeys-lru'), { allowEviction: true })
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})

test('Redis is asked once for each connection', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const client = useClient(server)
  await queue.enqueue(queuedDelivery())
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await until('the new connection is refused', async () => {
    const error = await queue.enqueue(queuedDelivery()).catch((error: unknown) => error)
    return (error as { code?: string }).code === INVALID.code
  })
  await client.config('SET', 'maxmemory-policy', 'noeviction')
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})

test('a Redis that does not tell its policy is accepted', async () => {
  const server = await useRedis('--maxmemory-policy', 'allkeys-lru')
  const rights = ['on', '>password', '~*', '&*', '+@all', '-info']
  await useClient(server).call('ACL', 'SETUSER', 'limited', ...rights)
  const connection = server.url.replace('redis://', 'redis://limited:password@')
  expect(await useQueue(server, { connection }).enqueue(queuedDelivery())).toBe('enqueued')
})
