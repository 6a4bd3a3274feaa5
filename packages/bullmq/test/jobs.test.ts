import { queuedDelivery } from '@gwh/testing'
import { Queue } from 'bullmq'
import { expect, test } from 'vitest'
import { useClient, useQueue, useRedis } from './use-redis.ts'

async function openBoth() {
  const server = await useRedis()
  return { queue: useQueue(server), bullmq: new Queue('gwh', { connection: useClient(server) }) }
}

test('a job id is made from any key', async () => {
  const { queue, bullmq } = await openBoth()
  const keys = ['default:msg_1', '42', '0:1', 'a:b:c', 'a%3Ab', 'späti:ü', '../x y']
  for (const key of keys) expect(await queue.enqueue(queuedDelivery({ key }))).toBe('enqueued')
  const ids = (await bullmq.getWaiting()).map((job) => job.id ?? '')
  expect(new Set(ids).size).toBe(keys.length)
  for (const id of ids) expect(id).toMatch(/^gwh-[^:]+$/)
  expect((await bullmq.getJob('gwh-default%3Amsg_1'))?.data.key).toBe('default:msg_1')
})

test('the body of a handled delivery is erased, that of a dead letter is not', async () => {
  const { queue, bullmq } = await openBoth()
  const body = new TextEncoder().encode('a secret of a customer')
  const [done, dead] = [queuedDelivery({ body }), queuedDelivery({ body })]
  for (const message of [done, dead]) await queue.enqueue(message)
  const handler = ({ key }: { key: string }) =>
    key === done.key ? Promise.resolve() : Promise.reject(new TypeError('x'))
  await queue.drain(handler, { maxAttempts: 1 })
  const [completed] = await bullmq.getCompleted()
  const { body: _, ...envelope } = done
  expect(completed?.data).toEqual(envelope)
  expect((await queue.deadLetters.list())[0]?.message).toEqual(dead)
})

test('a handled delivery that is put back into the queue has no second effect', async () => {
  const { queue, bullmq } = await openBoth()
  await queue.enqueue(queuedDelivery())
  let effects = 0
  await queue.drain(async () => void effects++)
  const [completed] = await bullmq.getCompleted()
  await completed?.retry('completed')
  expect(await queue.drain(async () => void effects++)).toEqual({ processed: 1 })
  expect([effects, (await queue.stats()).done]).toEqual([1, 1])
})

test('a job that is not a delivery fails as payload_invalid and leaves the others alone', async () => {
  const { queue, bullmq } = await openBoth()
  await bullmq.add('mail', { to: 'somebody' })
  await queue.enqueue(queuedDelivery())
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  expect(await queue.drain(async () => {}, { onError })).toEqual({ processed: 2 })
  expect(errors).toMatchObject([{ code: 'payload_invalid' }])
  const [failed] = await bullmq.getFailed()
  expect([failed?.name, failed?.failedReason]).toEqual(['mail', 'payload_invalid: the job is not a delivery'])
  expect(await queue.deadLetters.list()).toEqual([])
})

test('BullMQ shows why a try failed', async () => {
  const { queue, bullmq } = await openBoth()
  await queue.enqueue(queuedDelivery())
  await queue.drain(() => Promise.reject(new TypeError('no such customer')), { backoffMs: 60_000 })
  const [delayed] = await bullmq.getDelayed()
  expect([delayed?.failedReason, delayed?.attemptsMade]).toEqual(['attempts: no such customer', 1])
})
