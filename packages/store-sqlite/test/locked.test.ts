import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { openDatabase } from '../src/lib/database/database.ts'
import { startChild } from './children/start-child.ts'
import { temporaryFile } from './temporary-file.ts'

const UNAVAILABLE = { name: 'WebhookUnavailableError', code: 'store_unavailable', status: 503 }

/** Another process that holds the write lock of a file; resolves once it does. */
async function lockElsewhere(path: string): Promise<{ release(): Promise<void> }> {
  const child = startChild('./hold-lock.ts', path)
  const release = async () => {
    child.process.kill('SIGKILL')
    await child.ended
  }
  onTestFinished(release)
  await new Promise<string>((resolve) => child.onLine(resolve))
  return { release }
}

async function openLocked() {
  const path = temporaryFile()
  const clock = createFakeClock()
  const queue = createSqliteQueue({ path, clock })
  onTestFinished(() => queue.close())
  return { path, clock, queue, lock: await lockElsewhere(path) }
}

test('while another process holds the lock, every write settles within two seconds', async () => {
  const { clock, queue } = await openLocked()
  const answers = [
    queue.enqueue(queuedDelivery()),
    queue.drain(async () => {}),
    queue.deadLetters.redrive('all'),
    queue.deadLetters.purge({ olderThan: 0 }),
  ].map((answer) => expect(answer).rejects.toMatchObject(UNAVAILABLE))
  await clock.advance(2_000)
  await Promise.all(answers)
})

test('a delivery refused because of a lock is accepted after the process with the lock was killed', async () => {
  const { clock, queue, lock } = await openLocked()
  const message = queuedDelivery()
  const refused = expect(queue.enqueue(message)).rejects.toMatchObject(UNAVAILABLE)
  await clock.advance(2_000)
  await refused
  await lock.release()
  expect(await queue.enqueue(message)).toBe('enqueued')
})

test('a delivery that waits for a lock of another process is accepted when that process ends', async () => {
  const { clock, queue, lock } = await openLocked()
  const enqueued = queue.enqueue(queuedDelivery())
  await clock.advance(1_000)
  await lock.release()
  await clock.advance(1_000)
  expect(await enqueued).toBe('enqueued')
})

test('stats and isFull work while another process holds the lock', async () => {
  const { queue } = await openLocked()
  expect(await queue.stats()).toMatchObject({ pending: 0 })
  expect(queue.isFull?.()).toBe(false)
})

test('the event loop turns between two attempts to get a lock', async () => {
  const { clock, queue } = await openLocked()
  const refused = expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
  let turns = 0
  const turn = setInterval(() => {
    turns += 1
  }, 0)
  await clock.advance(2_000)
  await refused
  clearInterval(turn)
  // 2 seconds of attempts of 10 milliseconds, 40 apart.
  expect(turns).toBeGreaterThanOrEqual(40)
})

test('a worker resumes by itself when the lock is released', async () => {
  const { clock, queue, lock, path } = await openLocked()
  const errors: unknown[] = []
  const handled: string[] = []
  const worker = queue.work(async (message) => void handled.push(message.id), {
    onError: (error) => errors.push(error),
  })
  await clock.advance(2_000)
  expect(errors[0]).toMatchObject(UNAVAILABLE)
  await lock.release()
  const other = createSqliteQueue({ path })
  await other.enqueue(queuedDelivery({ id: 'late' }))
  await other.close()
  await clock.advance(5_000)
  expect(handled).toEqual(['late'])
  await worker.stop()
})

test('opening a file that is locked for longer than the budget is refused with a code', async () => {
  const { path } = await openLocked()
  expect(() => openDatabase(path, { lockBudgetMs: 100 })).toThrow(expect.objectContaining(UNAVAILABLE))
})
