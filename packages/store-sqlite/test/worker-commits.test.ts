import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { countCommits } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

test('a worker claims the next deliveries in the transaction that completes the last ones', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  await Promise.all(Array.from({ length: 80 }, () => queue.enqueue(queuedDelivery())))
  const before = countCommits(path)
  let left = 80
  const { promise: settled, resolve } = Promise.withResolvers<void>()
  const onSettled = () => {
    left -= 1
    if (left === 0) resolve()
  }
  const worker = queue.work(async () => {}, { concurrency: 8, onSettled })
  await settled
  await worker.stop()
  expect(await queue.stats()).toMatchObject({ done: 80 })
  // The first claim, nine that are also completions, and the last completion.
  expect(countCommits(path) - before).toBe(11)
})
