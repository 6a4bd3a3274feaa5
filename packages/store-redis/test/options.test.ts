import { expect, test } from 'vitest'
import { createRedisStore, type RedisLike } from '../src/index.ts'
import { DEADLINES, INVALID, NOW } from './support.ts'

const client = { sendCommand: async () => ['claimed 1'] }

test.each([undefined, null, 'redis://127.0.0.1', {}, () => {}])('%s is no client', (value) => {
  const options = { client: value as unknown as RedisLike }
  expect(() => createRedisStore(options)).toThrow(expect.objectContaining(INVALID))
})

test.each([
  { prefix: 'a{b' },
  { prefix: 'a}' },
  { prefix: 1 as unknown as string },
  { commandTimeoutMs: 0 },
  { commandTimeoutMs: Number.NaN },
  { commandTimeoutMs: Number.POSITIVE_INFINITY },
  { commandTimeoutMs: 1.5 },
  { commandTimeoutMS: 100 } as object,
])('%j is refused while the store is made', (options) => {
  expect(() => createRedisStore({ client, ...options })).toThrow(expect.objectContaining(INVALID))
})

test('a sentinel client gets the command where it expects it', async () => {
  const sent: unknown[] = []
  const sentinel = {
    getMasterNode: () => undefined,
    sendCommand: async (...args: unknown[]) => {
      sent.push(args[0], args[1])
      return ['claimed 1']
    },
  }
  const store = createRedisStore({ client: sentinel, now: () => NOW })
  expect(await store.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
  expect(sent).toEqual([false, expect.arrayContaining(['EVALSHA', 'gwh:claim:{a}'])])
})

test('answers that come as bytes are understood', async () => {
  const bytes = { sendCommand: async () => [Buffer.from('in_progress 1795000060000')] }
  const store = createRedisStore({ client: bytes, now: () => NOW })
  expect(await store.claim('a', DEADLINES)).toEqual({ status: 'in_progress', leaseUntil: 1_795_000_060_000 })
})

test('closing a store leaves the client open and stops listening to its reconnects', async () => {
  const listeners = new Set<unknown>()
  const watched = {
    ...client,
    on: (event: string, listener: unknown) => event === 'connect' && listeners.add(listener),
    off: (_: string, listener: unknown) => listeners.delete(listener),
  }
  const store = createRedisStore({ client: watched })
  expect(listeners.size).toBe(1)
  await store.close?.()
  expect(listeners.size).toBe(0)
})
