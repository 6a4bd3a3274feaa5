import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { wholeNumber } from '@gwh/core/options'
import { type Clock, monotonicNow } from '@gwh/core/queue'
import { MEMORY_PATH } from '../database/memory-path.ts'

// How stale figures that other processes change may become, in milliseconds.
const REFRESH_MS = 250

/** When a queue refuses new deliveries, so that a backlog neither grows without limit nor fills the disk. */
export interface CapacityOptions {
  /** How many deliveries may wait for a first attempt or a retry before new ones are refused. Default 10,000. */
  maxPending?: number
  /** How much free space the file system must have, in bytes. Default 100,000,000; 0 turns the check off. */
  minFreeBytes?: number
  /**
   * How large the write-ahead log may grow before new deliveries are refused, in bytes. Default 268,435,456 (256 MiB).
   * It grows while another connection reads, because it cannot be written back until that read ends.
   */
  maxLogBytes?: number
  /** Called each time the log grows beyond `maxLogBytes`, with its size in bytes. */
  onLogFull?: (log: { bytes: number; maxBytes: number }) => void
}

/** Keeps count of the waiting deliveries without a query each time. */
export interface Capacity {
  /** Whether new deliveries would be refused. Other processes' changes count within 250 ms, our own at once. */
  isFull(): boolean
  /** Why `isFull` returned `true`, in words. */
  whyFull(): string | undefined
  /** Why one more delivery must be refused, or `undefined`. Exact; call it in a transaction, before each insert. */
  refusal(): string | undefined
  /** Records by how much a change of this connection raised the number of waiting deliveries. */
  waitingChanged(by: number): void
  /** Like `waitingChanged`, when only an upper limit is known. */
  waitingChangedAtMost(by: number): void
  /** Call it when a transaction of this connection begins. */
  begun(): void
  /** Forgets everything recorded since `begun`. Call it after a rollback. */
  rolledBack(): void
}

/** @throws WebhookConfigError `option_invalid` */
export function createCapacity(
  database: DatabaseSync,
  clock: Clock,
  path: string,
  options: CapacityOptions & { shrinkLog?: () => void },
): Capacity {
  const maxPending = wholeNumber('maxPending', options.maxPending, 10_000)
  const minFreeBytes = wholeNumber('minFreeBytes', options.minFreeBytes, 100_000_000, 0)
  const log = watchLog(path, options)
  const backlog = createBacklog(database)
  const readFree = path === MEMORY_PATH ? () => Number.POSITIVE_INFINITY : freeBytesAt(path)
  let freeBytes = readFree()
  let readAt = monotonicNow(clock)
  let looked = false

  /** Refreshes the figures when they are stale. */
  function refresh(recount: () => void): void {
    const now = monotonicNow(clock)
    if (now - readAt < REFRESH_MS) return
    readAt = now
    freeBytes = readFree()
    log.look()
    recount()
  }

  function describe(): string | undefined {
    if (backlog.waiting() >= maxPending) return `${maxPending} deliveries are waiting`
    if (log.isFull()) return 'a long read prevents the write-ahead log from being written back'
    return freeBytes < minFreeBytes ? `the disk has less than ${minFreeBytes} bytes free` : undefined
  }

  return {
    isFull() {
      refresh(backlog.recountQuietly)
      return describe() !== undefined
    },
    whyFull: describe,
    refusal() {
      if (!looked) {
        looked = true
        refresh(() => {})
        backlog.noticeOthers()
      }
      // An estimate is good enough to accept, but not to refuse.
      if (backlog.waiting() >= maxPending) backlog.recount()
      return describe()
    },
    waitingChanged: backlog.add,
    waitingChangedAtMost: backlog.addAtMost,
    begun() {
      looked = false
    },
    rolledBack: backlog.forget,
  }
}

/** The number of waiting deliveries: kept up to date, and counted again when another connection has written. */
function createBacklog(database: DatabaseSync) {
  const count = database.prepare(
    "SELECT count(*) AS waiting FROM gwh_deliveries WHERE state IN ('pending', 'retrying')",
  )
  // Changes with every commit of another connection, and never with a commit of this one.
  const version = database.prepare('PRAGMA data_version')
  let waiting = Number.NaN
  let exact = false
  let seen: unknown

  function recount(): void {
    if (exact) return
    waiting = Number(count.get()?.waiting)
    exact = true
  }
  function noticeOthers(): void {
    const current = version.get()?.data_version
    if (current === seen && !Number.isNaN(waiting)) return
    exact = false
    recount()
    seen = current
  }
  function recountQuietly(): void {
    try {
      noticeOthers()
      recount()
    } catch {
      // The next write reports it; a broken file is not a full queue.
    }
  }
  recountQuietly()
  return {
    waiting: () => waiting,
    recount,
    noticeOthers,
    recountQuietly,
    add(by: number): void {
      waiting += by
    },
    addAtMost(by: number): void {
      waiting += by
      exact = false
    },
    forget(): void {
      waiting = Number.NaN
      exact = false
    },
  }
}

function freeBytesAt(path: string): () => number {
  const directory = dirname(path)
  return () => {
    try {
      const { bavail, bsize } = statfsSync(directory)
      return bavail * bsize
    } catch {
      // Some file systems do not report it; SQLite still fails when they are full.
      return Number.POSITIVE_INFINITY
    }
  }
}

/** Watches the size of the write-ahead log. */
function watchLog(path: string, options: CapacityOptions & { shrinkLog?: () => void }) {
  const maxBytes = wholeNumber('maxLogBytes', options.maxLogBytes, 256 * 1024 * 1024)
  const onFull = safely(options.onLogFull)
  let full = false
  return {
    isFull: () => full,
    look(): void {
      const bytes = path === MEMORY_PATH ? 0 : (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0)
      const was = full
      full = bytes > maxBytes
      if (full && !was) onFull({ bytes, maxBytes })
      if (full) options.shrinkLog?.()
    },
  }
}

// A broken logger must not turn an accepted delivery into a failed one.
function safely<T>(listener: ((value: T) => void) | undefined): (value: T) => void {
  return (value) => {
    try {
      listener?.(value)
    } catch {}
  }
}
