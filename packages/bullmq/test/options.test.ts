import { createMemoryQueue } from '@gwh/core/queue'
import { expect, onTestFinished, test } from 'vitest'
import { createBullmqQueue } from '../src/index.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const INVALID = { name: 'WebhookConfigError', code: 'option_invalid' }
const connection = 'redis://127.0.0.1:1'
const HOUR_MS = 3_600_000

const refused: Record<string, object> = {
  'no connection': { connection: undefined },
  'an empty connection': { connection: '' },
  'a connection that is not a Redis URL': { connection: 'http://127.0.0.1:6379' },
  'a URL with a port that is not a number': { connection: 'redis://:password@127.0.0.1:port' },
  'a URL with a percent sign that escapes nothing': { connection: { url: 'redis://:pass%word@127.0.0.1' } },
  'a key prefix of ioredis': { connection: { host: '127.0.0.1', keyPrefix: 'mine:' } },
  'a name with a colon': { connection, name: 'a:b' },
  'an empty name': { connection, name: '' },
  'a retention below 25 hours': { connection, retentionMs: 25 * HOUR_MS - 1 },
  'a retention that is not a number': { connection, deadRetentionMs: Number.NaN },
  'an unknown option': { connection, retention: 1 },
}

for (const [what, options] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    expect(() => createBullmqQueue(options as { connection: string })).toThrow(
      expect.objectContaining({ ...INVALID, message: expect.not.stringContaining('pass') }),
    )
  })
}

for (const options of [{ concurrency: 0 }, { leaseMs: 0.5 }, { maxAttempts: -1 }, { attempts: 3 }]) {
  test(`work refuses ${JSON.stringify(options)} at once, like core`, async () => {
    const queue = createBullmqQueue({ connection })
    onTestFinished(() => queue.close())
    const refusal = expect.objectContaining(INVALID)
    expect(() => createMemoryQueue().work(async () => {}, options)).toThrow(refusal)
    expect(() => queue.work(async () => {}, options)).toThrow(refusal)
    await expect(queue.drain(async () => {}, options)).rejects.toMatchObject(INVALID)
  })
}

test('a connection is a URL, options, options with a URL, or a client that stays open', async () => {
  const server = await useRedis()
  const client = useClient(server)
  const { port, url } = server
  for (const form of [url, { host: '127.0.0.1', port }, { url }, client]) {
    const queue = useQueue(server, { connection: form })
    expect((await queue.stats()).pending).toBe(0)
  }
  expect(await client.ping()).toBe('PONG')
})
