import { PermanentError } from '@gwh/core'
import type { DeliveryQueue } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import { type Command, Redis } from 'ioredis'
import { afterEach, expect, test, vi } from 'vitest'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const DELIVERIES = 1_500
// An enqueue waits behind as many commands at most, on its connection and in Redis.
const MOST_IN_FLIGHT = 300

afterEach(() => vi.restoreAllMocks())

/** Counts the commands that were sent and not yet answered; resolves to the most there were while the task ran. */
async function mostInFlight(task: () => Promise<unknown>): Promise<number> {
  let inFlight = 0
  let most = 0
  const { sendCommand } = Redis.prototype
  const spy = vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function (
    this: Redis,
    command: Command,
    ...rest
  ) {
    most = Math.max(most, ++inFlight)
    const answered = () => void inFlight--
    command.promise.then(answered, answered)
    return sendCommand.call(this, command, ...rest)
  })
  await task()
  spy.mockRestore()
  return most
}

async function fill(queue: DeliveryQueue): Promise<void> {
  for (let left = DELIVERIES; left > 0; left -= 100) {
    await Promise.all(Array.from({ length: 100 }, () => queue.enqueue(queuedDelivery())))
  }
}

async function useDead(queue: DeliveryQueue): Promise<void> {
  await fill(queue)
  const process = () => Promise.reject(new PermanentError('no'))
  await queue.drain(process, { concurrency: 50 })
}

test('a list of a large queue lets other commands run between its own', async () => {
  const queue = useQueue(await useRedis())
  await fill(queue)
  const list = async () => {
    const found = await queue.list({ limit: DELIVERIES })
    expect(new Set(found.map(({ message }) => message.key)).size).toBe(DELIVERIES)
  }
  expect(await mostInFlight(list)).toBeLessThanOrEqual(MOST_IN_FLIGHT)
  const page = async () => expect((await queue.list({ state: 'pending' })).length).toBe(100)
  expect(await mostInFlight(page)).toBeLessThanOrEqual(MOST_IN_FLIGHT)
})

test('a large replay lets other commands run between its own', async () => {
  const queue = useQueue(await useRedis(), { retainBodies: { forMs: 60_000 } })
  await fill(queue)
  await queue.drain(async () => {}, { concurrency: 50 })
  const replay = async () => expect(await queue.replay({})).toBe(DELIVERIES)
  expect(await mostInFlight(replay)).toBeLessThanOrEqual(MOST_IN_FLIGHT)
})

test('dead letters are listed and purged in parts', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  await useDead(queue)
  const list = async () => {
    expect((await queue.deadLetters.list({ limit: DELIVERIES })).length).toBe(DELIVERIES)
  }
  expect(await mostInFlight(list)).toBeLessThanOrEqual(MOST_IN_FLIGHT)
  const client = useClient(server)
  await client.config('RESETSTAT')
  expect(await queue.deadLetters.purge({ olderThan: Date.now() + 60_000 })).toBe(DELIVERIES)
  const scripts = /^cmdstat_evalsha:calls=(\d+)/m.exec(await client.info('commandstats'))
  expect(Number(scripts?.[1])).toBeGreaterThan(2)
})
