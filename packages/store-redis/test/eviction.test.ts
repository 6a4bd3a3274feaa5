import { createFakeClock } from '@gwh/testing'
import { describe, expect, test } from 'vitest'
import { createRedisLedger, createRedisStore, type RedisStoreOptions } from '../src/index.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import { DEADLINES, eventually, NOW, ownServer, PATIENCE_MS, VOLATILE } from './support.ts'

describe.each(LIBRARIES)('on $name', (library) => {
  async function harness(policy: string) {
    const server = await ownServer('--maxmemory-policy', policy)
    const open = (options: Partial<RedisStoreOptions> = {}, url = server.url) =>
      createRedisStore({
        client: connected(library, url),
        now: () => NOW,
        commandTimeoutMs: PATIENCE_MS,
        ...options,
      })
    return { server, open, run: (...command: string[]) => redis(server.url, ...command) }
  }

  test.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl'])(
    'a Redis that evicts by %s is refused, and nothing is written to it',
    async (policy) => {
      const { open, run } = await harness(policy)
      await expect(open().claim('a', DEADLINES)).rejects.toMatchObject({
        ...VOLATILE,
        message: expect.stringContaining(policy),
      })
      expect(await run('DBSIZE')).toBe(0)
    },
  )

  test('a Redis that evicts is used when that is allowed', async () => {
    const { open } = await harness('allkeys-lru')
    expect(await open({ allowEviction: true }).claim('a', DEADLINES)).toMatchObject({ status: 'claimed' })
  })

  test('a refused Redis is used as soon as its policy is set right', async () => {
    const { open, run } = await harness('allkeys-lru')
    const store = open()
    await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(VOLATILE)
    await run('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    expect(await store.claim('a', DEADLINES)).toMatchObject({ status: 'claimed' })
  })

  test('Redis is asked once for each connection', async () => {
    const { open, run } = await harness('noeviction')
    const store = open()
    // What is claimed before the connection stands counts as asked on none.
    await store.claim('first', DEADLINES)
    await store.claim('second', DEADLINES)
    await run('CONFIG', 'RESETSTAT')
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.claim(`key-${index}`, DEADLINES)))
    expect(await run('INFO', 'commandstats')).not.toMatch(/cmdstat_info:/)

    await run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    expect(await store.claim('same connection', DEADLINES)).toMatchObject({ status: 'claimed' })
    await run('CLIENT', 'KILL', 'TYPE', 'normal')
    const outcome = () => store.claim(crypto.randomUUID(), DEADLINES).catch((error: unknown) => error)
    await eventually(outcome).toMatchObject(VOLATILE)
  })

  test('a claim that waits for the next connection is checked on it', async () => {
    const { server, run } = await harness('noeviction')
    const client = connected(library, server.url)
    const store = createRedisStore({ client, now: () => NOW, commandTimeoutMs: PATIENCE_MS })
    // What is claimed before the connection stands counts as asked on none.
    await store.claim('first', DEADLINES)
    await store.claim('second', DEADLINES)
    const waiting = new Promise((resolve) => {
      const claimOnce = () => {
        client.off?.('reconnecting', claimOnce)
        resolve(store.claim('waiting', DEADLINES).catch((error: unknown) => error))
      }
      client.on?.('reconnecting', claimOnce)
    })
    await run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await run('CLIENT', 'KILL', 'TYPE', 'normal')
    expect(await waiting).toMatchObject(VOLATILE)
  })

  test('a policy that changes during a connection is noticed within a minute', async () => {
    const { open, run } = await harness('noeviction')
    const clock = createFakeClock(NOW)
    const store = open({ clock })
    await store.claim('first', DEADLINES)
    await store.claim('second', DEADLINES)
    await run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await clock.advance(59_999)
    expect(await store.claim('before', DEADLINES)).toMatchObject({ status: 'claimed' })
    await clock.advance(1)
    await expect(store.claim('after', DEADLINES)).rejects.toMatchObject(VOLATILE)
  })

  test('a ledger refuses a Redis that evicts, unless that is allowed, and asks again each minute', async () => {
    const { server, run } = await harness('allkeys-lru')
    const clock = createFakeClock(NOW)
    const client = connected(library, server.url)
    const common = { client, clock, commandTimeoutMs: PATIENCE_MS }
    const job = { endpoint: 'default', id: 'a', name: 'batches/a', createdAt: NOW, lookAt: NOW }
    const ledger = createRedisLedger(common)
    await expect(ledger.open(job)).rejects.toMatchObject({
      ...VOLATILE,
      message: expect.stringMatching(/evict jobs.*allkeys-lru/),
    })
    await expect(ledger.begin('a', 'b', { now: NOW, ...DEADLINES })).rejects.toMatchObject(VOLATILE)
    expect(await run('DBSIZE')).toBe(0)
    expect(await createRedisLedger({ ...common, allowEviction: true }).open(job)).toBe(true)
    await run('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    expect(await ledger.open(job)).toBe(false)
    await run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await clock.advance(59_999)
    expect(await ledger.find(job)).toMatchObject({ id: 'a' })
    await clock.advance(1)
    await expect(ledger.find(job)).rejects.toMatchObject(VOLATILE)
  })

  test('a Redis that does not tell its policy is accepted', async () => {
    const { server, open, run } = await harness('allkeys-lru')
    await run('ACL', 'SETUSER', 'limited', 'on', '>password', '~*', '+@all', '-info', '-config')
    const url = server.url.replace('redis://', 'redis://limited:password@')
    expect(await open({}, url).claim('a', DEADLINES)).toMatchObject({ status: 'claimed' })
  })
})
