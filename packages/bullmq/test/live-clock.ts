import type { Clock, DeliveryQueue, ProcessDelivery, QueueWorker, WorkOptions } from '@gwh/core/queue'
import type { FakeClock } from '@gwh/testing'
import type { Redis } from 'ioredis'
import { vi } from 'vitest'
import { until } from './until.ts'

// Redis is quiet when it ran no command but ours in this many checks.
const QUIET_LOOKS = 3

/** What a live clock must know about the queue to tell when it is at rest. */
export interface Watched {
  queue: DeliveryQueue
  /** Watches Redis from a connection of its own. */
  observer: Redis
  /** The BullMQ queue's keys begin with this. */
  keys: string
}

interface WatchedWorker {
  concurrency: number
  running: number
}

/**
 * Lets a contract's clock move a queue whose jobs are in a real Redis.
 *
 * BullMQ takes the time from `Date`, which shows the contract's time here. After each step idle workers are
 * woken, because they wait on Redis's own time, and the clock moves on only when every worker waits for a delivery or
 * is fully occupied, and Redis has nothing more to do.
 */
export function attachToRedis(clock: Clock, { queue, observer, keys }: Watched): DeliveryQueue {
  const fake = clock as FakeClock
  const workers = new Set<WatchedWorker>()
  const timers = new Set<number>()
  const { schedule, advance } = fake
  vi.useFakeTimers({ toFake: ['Date'], now: fake.now() })

  const settle = async () => {
    vi.setSystemTime(fake.now())
    await observer.zadd(`${keys}marker`, 0, '0')
    await quiet(observer, workers)
  }
  fake.schedule = (task, delayMs) => {
    const dueAt = fake.now() + Math.max(0, delayMs || 0)
    timers.add(dueAt)
    return schedule(task, delayMs)
  }
  fake.advance = async (ms) => {
    const end = fake.now() + ms
    await settle()
    for (let next = await nextStep(end); next <= end; next = await nextStep(end)) {
      timers.delete(next)
      await advance(Math.max(0, next - fake.now()))
      await settle()
    }
    await advance(end - fake.now())
    await settle()
  }
  /** The next time at which a timer or a delayed job falls due. */
  const nextStep = async (end: number) => {
    const [, score = 'inf'] = await observer.zrange(`${keys}delayed`, '0', '0', 'WITHSCORES')
    // BullMQ keeps an order among jobs of one millisecond in the lowest 12 bits.
    const delayed = Math.floor(Number(score) / 0x1000)
    const waiting = [...timers, ...(delayed > fake.now() ? [delayed] : [])].filter((time) => time <= end)
    return Math.min(...waiting)
  }
  return { ...queue, work: (process, options) => watchWork(queue, workers, process, options) }
}

function watchWork(
  queue: DeliveryQueue,
  workers: Set<WatchedWorker>,
  process: ProcessDelivery,
  options?: WorkOptions,
): QueueWorker {
  const watched = { concurrency: options?.concurrency ?? 8, running: 0 }
  const worker = queue.work(async (message, context) => {
    watched.running++
    await process(message, context).finally(() => {
      watched.running--
    })
  }, options)
  workers.add(watched)
  return {
    async stop() {
      workers.delete(watched)
      await worker.stop()
    },
  }
}

async function quiet(observer: Redis, workers: Set<WatchedWorker>): Promise<void> {
  let seen = Number.NaN
  let looks = 0
  await until('the queue is at rest', async () => {
    const info = await observer.info()
    const commands = readNumber(info, 'total_commands_processed')
    const free = [...workers].filter((worker) => worker.running < worker.concurrency).length
    const atRest = commands === seen + 1 && readNumber(info, 'blocked_clients') >= free
    seen = commands
    looks = atRest ? looks + 1 : 0
    return looks >= QUIET_LOOKS
  })
}

function readNumber(info: string, name: string): number {
  return Number(info.match(new RegExp(`^${name}:(\\d+)`, 'm'))?.[1])
}
