import { type JobLedger, type LedgerJob, SETTLED_LIFE_MS } from './job-ledger.ts'

interface Job extends LedgerJob {
  takenAt: number
  expiresAt: number
}

interface Handling {
  holder: string
  handled: boolean
  leaseUntil: number
  expiresAt: number
}

const NEVER = Number.NEGATIVE_INFINITY

/** Creates a ledger in memory, for one process: it is empty after a restart. */
export function createMemoryLedger(): JobLedger {
  const open = new Map<string, Job>()
  const settled = new Map<string, Job>()
  const handlings = new Map<string, Handling>()
  const get = (id: string) => open.get(id) ?? settled.get(id)

  return {
    async open({ id, ...job }) {
      if (get(id)) return false
      open.set(id, { id, ...job, lookups: 0, takenAt: NEVER, expiresAt: Number.POSITIVE_INFINITY })
      return true
    },
    async find(id) {
      const job = get(id)
      return job && toLedgerJob(job)
    },
    async end(id, event, { now, expiresAt }) {
      purge(settled, now)
      const job = get(id)
      if (job?.event !== undefined) return false
      const fresh = { id, name: id, createdAt: now, lookAt: now, lookups: 0, takenAt: NEVER }
      const home = settled.has(id) ? settled : open
      home.set(id, { ...fresh, ...job, event, expiresAt })
      return true
    },
    async settle(id, now) {
      const job = open.get(id)
      if (!job) return
      open.delete(id)
      settled.set(id, job.event === undefined ? { ...job, expiresAt: now + SETTLED_LIFE_MS } : job)
    },
    async take({ dueAt = Number.POSITIVE_INFINITY, takenBefore, now, until, limit }) {
      const taken = [...open.values()]
        .filter((job) => (takenBefore === undefined ? job.lookAt <= dueAt : job.takenAt < takenBefore))
        .sort((one, other) => one.lookAt - other.lookAt)
        .slice(0, limit)
      const before = taken.map(toLedgerJob)
      for (const job of taken) {
        job.lookups++
        job.takenAt = now
        job.lookAt = until
      }
      return before
    },
    async postpone(id, lookAt) {
      const job = open.get(id)
      if (job) job.lookAt = lookAt
    },
    async nextLookAt() {
      const times = [...open.values()].map(({ lookAt }) => lookAt)
      return times.length === 0 ? undefined : Math.min(...times)
    },
    async begin(key, holder, { now, leaseUntil, expiresAt }) {
      purge(handlings, now)
      const known = handlings.get(key)
      const held = known && known.expiresAt > now ? known : undefined
      const foreign = held !== undefined && held.holder !== holder
      if (foreign && held.handled) return 'handled'
      if (foreign && held.leaseUntil > now) return 'in_progress'
      handlings.set(key, { holder, handled: held?.handled ?? false, leaseUntil, expiresAt })
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

function toLedgerJob({ takenAt: _, expiresAt: __, ...job }: Job): LedgerJob {
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
