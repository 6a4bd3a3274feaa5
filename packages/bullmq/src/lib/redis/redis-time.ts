import { type Clock, systemClock } from '@gwh/core/queue'
import type { Redis } from 'ioredis'

/** The time for due jobs and retentions. */
export interface QueueTime {
  /** The current time, in epoch milliseconds. */
  now(): number
  /** Converts a moment from queue time to the time of `Date.now()`. */
  toProcessTime(time: number): number
  /** Reads the clock of Redis again if the last answer may be out of date. Call it before each claim of a job. */
  refresh(): Promise<void>
}

const ASK_AFTER_MS = 60_000
const JUMP_MS = 1_000

/**
 * Creates a queue time that follows the clock of Redis.
 *
 * BullMQ itself uses the clock of each process. A process whose clock is 31 days ahead deletes every dead letter with
 * the next job it completes; one whose clock is five days behind delays retries by five days. So the time is
 * read from Redis: at the start, once a minute, and when the clock of the process has jumped, as after a suspend.
 *
 * @param clock With any other than `systemClock` the time is that clock's, so that tests can move it
 */
export function createQueueTime(client: Redis, clock: Clock): QueueTime {
  if (clock !== systemClock) {
    return { now: () => clock.now(), toProcessTime: (time) => time, refresh: async () => {} }
  }
  let offset = readOffset()
  let asked: { at: number; offset: number } | undefined
  const isStale = () =>
    !asked || performance.now() - asked.at > ASK_AFTER_MS || Math.abs(readOffset() - asked.offset) > JUMP_MS
  const now = () => Math.round(offset + performance.now())
  return {
    now,
    toProcessTime: (time) => time - now() + Date.now(),
    async refresh() {
      if (!isStale()) return
      const sentAt = performance.now()
      const time = await readTime(client)
      const answeredAt = performance.now()
      asked = { at: answeredAt, offset: readOffset() }
      // Where Redis forbids TIME, the clock of the process is used.
      offset = time === undefined ? readOffset() : time - (sentAt + answeredAt) / 2
    },
  }
}

/** How far the wall clock is ahead of the monotonic one, which stands still while the machine is suspended. */
function readOffset(): number {
  return Date.now() - performance.now()
}

async function readTime(client: Redis): Promise<number | undefined> {
  try {
    const [seconds, microseconds] = await client.time()
    return Number(seconds) * 1_000 + Number(microseconds) / 1_000
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined
    throw error
  }
}
