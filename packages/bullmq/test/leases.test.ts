import { queuedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { until } from './until.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const LEASE_MS = 400

test('a delivery whose worker was killed is retried by another worker, as the next attempt', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  await queue.enqueue(queuedDelivery())
  const child = startChild('./work.ts', server.url, String(LEASE_MS), 'hang')
  child.onLine(() => child.process.kill('SIGKILL'))
  expect(await child.ended).toMatchObject({ signal: 'SIGKILL', errors: '' })
  const attempts: number[] = []
  const worker = queue.work(async (_, { attempt }) => void attempts.push(attempt), { leaseMs: LEASE_MS })
  await until('it is handled', async () => (await queue.stats()).done === 1)
  expect(attempts).toEqual([2])
  await worker.stop()
})

test('drains alone free a delivery whose process was killed', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  await queue.enqueue(queuedDelivery())
  const child = startChild('./work.ts', server.url, String(LEASE_MS), 'hang')
  child.onLine(() => child.process.kill('SIGKILL'))
  await child.ended
  const attempts: number[] = []
  await until('it is handled', async () => {
    await queue.drain(async (_, { attempt }) => void attempts.push(attempt), { leaseMs: LEASE_MS })
    return attempts.length > 0
  })
  expect(attempts).toEqual([2])
})

test('a delivery that kills every process becomes a dead letter', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  await queue.enqueue(queuedDelivery({ id: 'poison' }))
  const lines: string[] = []
  const crash = async () => {
    const child = startChild('./work.ts', server.url, String(LEASE_MS), 'crash')
    child.onLine((line) => lines.push(line))
    await child.ended
  }
  for (let crashes = 0; crashes < 3; crashes++) await crash()
  const worker = queue.work(async () => void lines.push('handled'), { leaseMs: LEASE_MS, maxAttempts: 3 })
  await until('it is dead', async () => (await queue.stats()).dead === 1)
  expect(lines).toEqual(['poison 1', 'poison 2', 'poison 3'])
  expect((await queue.deadLetters.list())[0]).toMatchObject({ reason: 'attempts', message: { id: 'poison' } })
  await worker.stop()
})

test('a handler outlives many leases and checks for lost locks without running twice', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const client = useClient(server)
  await queue.enqueue(queuedDelivery())
  const gate = Promise.withResolvers<void>()
  let tries = 0
  const handler = () => {
    tries++
    return gate.promise
  }
  const workers = [queue.work(handler, { leaseMs: LEASE_MS }), queue.work(handler, { leaseMs: LEASE_MS })]
  const looks = new Set<string | null>()
  await until('eight checks for lost locks', async () => {
    // Its value is the time of the last check.
    looks.add(await client.get('bull:gwh:stalled-check'))
    return looks.size >= 8
  })
  gate.resolve()
  await until('it is handled', async () => (await queue.stats()).done === 1)
  expect(tries).toBe(1)
  for (const worker of workers) await worker.stop()
})

test('a worker whose lock was lost aborts the handler and settles nothing', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const client = useClient(server)
  await queue.enqueue(queuedDelivery({ key: 'lost' }))
  const outcomes: string[] = []
  const signals: AbortSignal[] = []
  const handler = (_: unknown, { attempt, signal }: { attempt: number; signal: AbortSignal }) => {
    signals.push(signal)
    return attempt === 1 ? endedBy(signal) : Promise.resolve()
  }
  const worker = queue.work(handler, {
    leaseMs: LEASE_MS,
    onSettled: ({ outcome }) => outcomes.push(outcome),
  })
  await until('it is running', () => signals.length === 1)
  await client.set('bull:gwh:gwh-lost:lock', 'another', 'PX', LEASE_MS)
  await until('it is handled', async () => (await queue.stats()).done === 1)
  await worker.stop()
  expect(outcomes).toEqual(['lease_lost', 'done'])
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
})

test('a completion after the lock was lost does not count', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const client = useClient(server)
  await queue.enqueue(queuedDelivery({ key: 'late' }))
  const outcomes: string[] = []
  const handler = async () => {
    await client.set('bull:gwh:gwh-late:lock', 'another', 'PX', 60_000)
  }
  await queue.drain(handler, { onSettled: ({ outcome }) => outcomes.push(outcome) })
  expect(outcomes).toEqual(['lease_lost'])
  const { running, done } = await queue.stats()
  expect([running, done]).toEqual([1, 0])
})

/** A handler that ends when its signal is aborted. */
function endedBy(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}
