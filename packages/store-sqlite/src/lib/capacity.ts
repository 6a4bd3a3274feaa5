import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { WebhookConfigError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import { MEMORY_PATH } from './memory-path.ts'

// How old the figures may get that only others can change, in milliseconds.
const REFRESH_MS = 250

/** When a queue refuses further deliveries, so that a backlog can neither grow for ever nor fill the disk. */
export interface CapacityOptions {
  /** How many deliveries may wait to be handled, first or again, before new ones are refused. Default 10 000. */
  maxPending?: number
  /** How much the file system must have free, in bytes. Default 100 000 000; 0 for no such limit. */
  minFreeBytes?: number
}

/** Keeps count of what waits, without asking the database each time. */
export interface Capacity {
  /** Whether new deliveries would be refused; from figures at most 250 ms old, own changes counted at once. */
  isFull(): boolean
  /** Why one more delivery must be refused. Exact: to be asked inside a transaction, before each insert. */
  refusal(): string | undefined
  /** To be told how many more deliveries wait by a change of this connection. */
  waitingChanged(by: number): void
  /** The same where only an upper limit is known. */
  waitingChangedAtMost(by: number): void
  /** To be told that a transaction of this connection begins. */
  begun(): void
  /** To be told that what was told since `begun` did not happen. */
  rolledBack(): void
}

/** @throws WebhookConfigError `option_invalid` */
export function createCapacity(
  database: DatabaseSync,
  clock: Clock,
  options: CapacityOptions & { path: string },
): Capacity {
  const { maxPending = 10_000, minFreeBytes = 100_000_000 } = options
  checkWhole('maxPending', maxPending, 1)
  checkWhole('minFreeBytes', minFreeBytes, 0)
  const backlog = createBacklog(database)
  const readFree = options.path === MEMORY_PATH ? () => Number.POSITIVE_INFINITY : freeBytesAt(options.path)
  let freeBytes = readFree()
  let readAt = clock.now()
  let looked = false

  /** Brings the figures up to date when they are old; a clock set back makes them old too. */
  function refresh(recount: () => void): void {
    const age = clock.now() - readAt
    if (age >= 0 && age < REFRESH_MS) return
    readAt = clock.now()
    freeBytes = readFree()
    recount()
  }

  function describe(): string | undefined {
    if (backlog.waiting() >= maxPending) return `${maxPending} deliveries wait already`
    return freeBytes < minFreeBytes ? `the disk has less than ${minFreeBytes} bytes free` : undefined
  }

  return {
    isFull() {
      refresh(backlog.recountQuietly)
      return describe() !== undefined
    },
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

/** How many deliveries wait: counted once, then kept up to date, and counted anew when others have written. */
function createBacklog(database: DatabaseSync) {
  const count = database.prepare(
    "SELECT count(*) AS waiting FROM deliveries WHERE state IN ('pending', 'retrying')",
  )
  // Changes with every commit of another connection, and never with one's own.
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
      // Whoever writes next hears of it; a full queue and a broken file are two things.
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
      // Some file systems do not say; SQLite still reports when they are full.
      return Number.POSITIVE_INFINITY
    }
  }
}

function checkWhole(name: string, value: number, least: number): void {
  // Negated so that NaN is refused too.
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new WebhookConfigError('option_invalid', `${name} must be a whole number of at least ${least}`)
}
