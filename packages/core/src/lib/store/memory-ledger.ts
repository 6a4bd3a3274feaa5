import {
  type JobLedger,
  LEDGER_SKEW_MS,
  type LedgerJob,
  SETTLED_LIFE_MS,
  type TakeOptions,
} from './job-ledger.ts'
import { createTimeHeap, type TimeHeap } from './time-heap.ts'

interface Job extends LedgerJob {
  takenAt: number
  expiresAt: number
  settled: boolean
  givenUp: boolean
}

/** The jobs of one endpoint. */
interface Shelf {
  open: Map<string, Job>
  settled: Map<string, Job>
  /** The open jobs by their next look-up. */
  due: TimeHeap<Job>
  /** The open jobs by the time they were taken last. */
  taken: TimeHeap<Job>
  /** The latest time at which a job was added or taken. */
  latest: number
}

interface Handling {
  holder: string
  handled: boolean
  begunAt: number
  leaseUntil: number
  expiresAt: number
}

const NEVER = Number.NEGATIVE_INFINITY

/** Creates a ledger in memory, for one process: it is empty after a restart. */
export function createMemoryLedger(): JobLedger {
  const shelves = new Map<string, Shelf>()
  const handlings = new Map<string, Handling>()
  const shelfOf = (endpoint: string) => {
    const shelf = shelves.get(endpoint) ?? createShelf()
    shelves.set(endpoint, shelf)
    return shelf
  }

  return {
    async open(job) {
      const shelf = shelfOf(job.endpoint)
      const known = get(shelf, job.id)
      if (known && !known.givenUp) return false
      put(shelf, { ...job, ...FRESH, expiresAt: Number.POSITIVE_INFINITY })
      return true
    },
    async find({ endpoint, id }) {
      const job = get(shelfOf(endpoint), id)
      return job && toLedgerJob(job)
    },
    async end({ now, expiresAt, event, ...named }) {
      const shelf = shelfOf(named.endpoint)
      purge(shelf.settled, now)
      const job = get(shelf, named.id)
      if (hasEnded(job)) return false
      if (job?.givenUp)
        put(shelf, { ...job, takenAt: NEVER, lookAt: now, event, expiresAt, settled: false, givenUp: false })
      else if (job) Object.assign(job, { event, expiresAt })
      else put(shelf, { ...named, ...FRESH, createdAt: now, lookAt: now, event, expiresAt })
      return true
    },
    async giveUp({ now, expiresAt, event, ...named }) {
      const shelf = shelfOf(named.endpoint)
      purge(shelf.settled, now)
      const job = get(shelf, named.id) ?? { ...named, ...FRESH, createdAt: now, lookAt: now, expiresAt }
      if (hasEnded(job)) return false
      shelve(shelf, Object.assign(job, { event, expiresAt, givenUp: true }))
      return true
    },
    async settle({ endpoint, id }, now) {
      const shelf = shelfOf(endpoint)
      const job = shelf.open.get(id)
      if (!job) return
      shelve(shelf, job)
      if (job.event === undefined) job.expiresAt = now + SETTLED_LIFE_MS
    },
    take: async (options) => take(shelfOf(options.endpoint), options),
    async postpone({ endpoint, id }, lookAt) {
      const { open, due } = shelfOf(endpoint)
      const job = open.get(id)
      if (!job) return
      job.lookAt = lookAt
      due.add(job)
    },
    async nextLookAt(endpoint, now) {
      const shelf = shelfOf(endpoint)
      return findAhead(shelf, now).length > 0 ? now : shelf.due.first()?.lookAt
    },
    async begin(key, holder, { now, leaseUntil, expiresAt }) {
      purge(handlings, now)
      const known = handlings.get(key)
      const held = known && known.expiresAt > now ? known : undefined
      const foreign = held !== undefined && held.holder !== holder
      if (foreign && held.handled) return 'handled'
      if (held && held.begunAt > now + LEDGER_SKEW_MS) {
        held.leaseUntil -= held.begunAt - now
        held.begunAt = now
      }
      if (foreign && held.leaseUntil > now) return 'in_progress'
      handlings.set(key, { holder, handled: held?.handled ?? false, begunAt: now, leaseUntil, expiresAt })
      return 'claimed'
    },
    async complete(key, holder) {
      const held = handlings.get(key)
      if (held?.holder !== holder) return false
      held.handled = true
      return true
    },
    async release(key, holder) {
      const held = handlings.get(key)
      if (held?.holder === holder && !held.handled) handlings.delete(key)
    },
  }
}

const FRESH = { lookups: 0, takenAt: NEVER, settled: false, givenUp: false }

function createShelf(): Shelf {
  const open = new Map<string, Job>()
  const heap = (time: 'lookAt' | 'takenAt') =>
    createTimeHeap<Job>(
      (job) => (job.settled ? undefined : job[time]),
      () => open.size,
    )
  return { open, settled: new Map(), due: heap('lookAt'), taken: heap('takenAt'), latest: NEVER }
}

function get({ open, settled }: Shelf, id: string): Job | undefined {
  return open.get(id) ?? settled.get(id)
}

function hasEnded(job: Job | undefined): boolean {
  return job?.event !== undefined && !job.givenUp
}

function put(shelf: Shelf, job: Job): void {
  shelf.settled.delete(job.id)
  shelf.open.set(job.id, job)
  shelf.latest = Math.max(shelf.latest, job.createdAt)
  shelf.due.add(job)
  shelf.taken.add(job)
}

/** The open jobs that a clock that was ahead has added or taken. */
function findAhead({ open, latest }: Shelf, now: number): Job[] {
  const bound = now + LEDGER_SKEW_MS
  if (latest <= bound) return []
  return [...open.values()].filter(({ createdAt, takenAt }) => Math.max(createdAt, takenAt) > bound)
}

function correctTimes(shelf: Shelf, now: number): void {
  for (const job of findAhead(shelf, now)) {
    Object.assign(job, { createdAt: Math.min(job.createdAt, now), lookAt: now, takenAt: NEVER })
    shelf.due.add(job)
    shelf.taken.add(job)
  }
  // What is left lies at most this far ahead.
  shelf.latest = Math.max(now, Math.min(shelf.latest, now + LEDGER_SKEW_MS))
}

function shelve({ open, settled }: Shelf, job: Job): void {
  open.delete(job.id)
  settled.set(job.id, job)
  job.settled = true
}

function take(shelf: Shelf, options: TakeOptions): LedgerJob[] {
  const { dueAt = Number.POSITIVE_INFINITY, takenBefore, now, until, limit } = options
  const { due, taken } = shelf
  correctTimes(shelf, now)
  const heap = takenBefore === undefined ? due : taken
  const isNext = (job: Job) => (takenBefore === undefined ? job.lookAt <= dueAt : job.takenAt < takenBefore)
  const found = new Set<Job>()
  for (let job = heap.first(); job && found.size < limit && isNext(job); job = heap.first()) {
    found.add(job)
    heap.removeFirst()
  }
  const before = [...found].map(toLedgerJob)
  for (const job of found) {
    job.lookups++
    job.takenAt = now
    job.lookAt = until
    due.add(job)
    taken.add(job)
  }
  return before
}

function toLedgerJob({ takenAt: _, expiresAt: __, settled: ___, givenUp: ____, ...job }: Job): LedgerJob {
  return job
}

const MOST_LOOKS = 16

/** Removes expired entries. Looks at the oldest few only, so that a call costs the same however many there are. */
function purge(entries: Map<string, { expiresAt: number }>, now: number): void {
  let looks = 0
  for (const [key, { expiresAt }] of entries) {
    if (looks++ >= MOST_LOOKS) return
    if (expiresAt <= now) entries.delete(key)
  }
}
