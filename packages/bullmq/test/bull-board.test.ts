import { queuedDelivery } from '@gwh/testing'
import type { RedisServer } from '@gwh/testing/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { useQueue, useRedis } from './use-redis.ts'

test('Bull Board shows deliveries in their states, and its retry gives a dead letter a new budget', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const board = await startBoard(server)
  for (const key of ['default:done', 'default:dead']) await queue.enqueue(queuedDelivery({ key }))
  const attempts: number[] = []
  const handler = async ({ key }: { key: string }, { attempt }: { attempt: number }) => {
    if (key !== 'default:dead') return
    attempts.push(attempt)
    if (attempts.length === 1) throw new TypeError('no such customer')
  }
  await queue.drain(handler, { maxAttempts: 1 })
  await queue.enqueue(queuedDelivery({ key: 'default:new' }))

  const shown = await readQueue(board, 'failed')
  expect(shown?.counts).toMatchObject({ waiting: 1, completed: 1, failed: 1 })
  expect(shown?.jobs).toMatchObject([
    { id: 'gwh-default%3Adead', failedReason: 'attempts: no such customer', attempts: 1 },
  ])

  const id = encodeURIComponent('gwh-default%3Adead')
  const retried = await fetch(`${board}/api/queues/gwh/${id}/retry`, { method: 'PUT' })
  expect(retried.status).toBeLessThan(300)
  await queue.drain(handler, { maxAttempts: 1 })
  expect(attempts).toEqual([1, 1])
  const { done, dead } = await queue.stats()
  expect([done, dead]).toEqual([3, 0])
})

interface Page {
  queues: { name: string; counts: Record<string, number>; jobs: Record<string, unknown>[] }[]
}

async function readQueue(board: string, status: string) {
  const query = new URLSearchParams({ activeQueue: 'gwh', status, page: '1', jobsPerPage: '10' })
  const response = await fetch(`${board}/api/queues?${query}`)
  const { queues } = (await response.json()) as Page
  return queues.find(({ name }) => name === 'gwh')
}

async function startBoard(server: RedisServer): Promise<string> {
  const child = startChild('./board.ts', server.url)
  onTestFinished(async () => {
    child.process.kill('SIGKILL')
    await child.ended
  })
  const url = new Promise<string>((resolve) => child.onLine(resolve))
  const failed = child.ended.then(({ errors }) => {
    throw new TypeError(`the board did not start: ${errors}`)
  })
  return await Promise.race([url, failed])
}
