import { describe, expect, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import { DEADLINES, eventually, NOW, ownServer, PATIENCE_MS, VOLATILE } from './support.ts'

describe.each(LIBRARIES)('on $name', (library) => {
  async function harness(policy: string) {
    const server = await ownServer('--maxmemory-policy', policy)
    const open = (options: { allowEviction?: boolean } = {}, url = server.url) =>
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

  test('a Redis that does not tell its policy is accepted', async () => {
    const { server, open, run } = await harness('allkeys-lru')
    await run('ACL', 'SETUSER', 'limited', 'on', '>password', '~*', '+@all', '-info', '-config')
    const url = server.url.replace('redis://', 'redis://limited:password@')
    expect(await open({}, url).claim('a', DEADLINES)).toMatchObject({ status: 'claimed' })
  })
})
