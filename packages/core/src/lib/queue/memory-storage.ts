import { type Clock, systemClock } from '../shared/clock.ts'
import { type SeenClock, seeClock } from '../shared/clock-agreement.ts'
import { invalid } from '../shared/options.ts'
import { createSpans, type Spans } from './longest-span.ts'
import type { QueueStorage } from './queue-storage.ts'
import type { Lease, LeasedDelivery } from './settlement.ts'
import type { StoredDelivery } from './to-record.ts'

/** Options of `createMemoryStorage`. */
export interface MemoryStorageOptions {
  /** Keeps the bodies of handled deliveries for `forMs` milliseconds, for `replay`. Default: bodies are not kept. */
  retainBodies?: { forMs: number }
}

interface Row extends StoredDelivery {
  token: number
}

/** How long a handled delivery is remembered, so that a late retry is a duplicate: 72 hours. */
const RETENTION_MS = 72 * 3_600_000

/** Creates a queue storage in memory, for `createStoredQueue`. */
export function createMemoryStorage(
  clock: Clock = systemClock,
  { retainBodies }: MemoryStorageOptions = {},
): QueueStorage {
  const retainMs = retainBodies?.forMs ?? 0
  const rows = new Map<string, Row>()
  const spans = createSpans()
  const all = () => [...rows.values()]
  const dead = () => all().filter((row) => row.state === 'dead')
  const held = ({ key, token }: Lease): Row | undefined => {
    const row = rows.get(key)
    return row?.state === 'running' && row.token === token ? row : undefined
  }
  const forgetOld = createPurge(rows, clock, retainMs)

  return {
    async insert(message) {
      forgetOld()
      if (rows.has(message.key)) return 'duplicate'
      const copy = { ...message, body: new Uint8Array(message.body) }
      rows.set(message.key, {
        message: copy,
        state: 'pending',
        token: 0,
        attempts: 0,
        stateTime: 0,
        history: [],
      })
      return 'enqueued'
    },
    async claim({ limit, now, leaseUntil, alone = true, exclude }) {
      spans.lease.note(leaseUntil - now)
      const due = all().filter((row) => dueTime(row, spans, now) <= now && !exclude?.has(row.message.key))
      const quarantined = due.find((row) => row.state === 'running' && row.attempts >= 2)
      if (!quarantined) return due.slice(0, limit).map((row) => lease(row, leaseUntil))
      return alone ? [{ ...lease(quarantined, leaseUntil), quarantined: true }] : []
    },
    async renew(lease, leaseUntil, now) {
      spans.lease.note(leaseUntil - now)
      return settle(held(lease), { stateTime: leaseUntil })
    },
    async complete(lease, now) {
      const row = held(lease)
      if (row && retainMs === 0) eraseBody(row)
      return settle(row, { state: 'done', stateTime: now, replay: false })
    },
    async retry(lease, dueAt, now, history) {
      spans.wait.note(dueAt - now)
      return settle(held(lease), { state: 'retrying', stateTime: dueAt, ...(history && { history }) })
    },
    async deadLetter(lease, reason, now, history) {
      return settle(held(lease), { state: 'dead', reason, stateTime: now, ...(history && { history }) })
    },
    async nextDueAt(now) {
      const times = all().map((row) => dueTime(row, spans, now))
      const next = Math.min(...times)
      return next === Number.POSITIVE_INFINITY ? undefined : next
    },
    stats: async (now) => count(all(), now),
    async list({ state, limit, after }) {
      const newestFirst = all().reverse()
      const start = after === undefined ? 0 : newestFirst.findIndex((row) => row.message.key === after) + 1
      if (after !== undefined && start === 0)
        throw invalid('"after" is not the key of a delivery in the queue')
      const wanted = newestFirst.slice(start).filter((row) => state === undefined || row.state === state)
      return wanted.slice(0, limit).map(copy)
    },
    async get(keyOrWebhookId) {
      const row = rows.get(keyOrWebhookId) ?? all().findLast(({ message }) => message.id === keyOrWebhookId)
      return row && copy(row)
    },
    async listDead(limit) {
      const newestFirst = dead().sort((a, b) => b.stateTime - a.stateTime)
      return newestFirst.slice(0, limit).map(copy)
    },
    async redrive(target, now) {
      const isMeant = ({ message }: Row) =>
        target === 'all' || message.key === target || (!rows.has(target) && message.id === target)
      return restart(dead().filter(isMeant), now, {})
    },
    async replay(keys, now) {
      const chosen = keys.flatMap((key) => rows.get(key) ?? [])
      const kept = chosen.filter((row) => row.state === 'done' && row.message.body.length > 0)
      return restart(kept, now, { replay: true })
    },
    async purgeDead(olderThan) {
      const chosen = dead().filter((row) => row.stateTime < olderThan)
      for (const row of chosen) rows.delete(row.message.key)
      return chosen.length
    },
    async close() {
      rows.clear()
    },
  }
}

/** When a row may be claimed: never if it is settled, at once if its time is later than any possible one. */
function dueTime({ state, stateTime }: Row, spans: Spans, now: number): number {
  if (state === 'done' || state === 'dead') return Number.POSITIVE_INFINITY
  if (state === 'pending') return 0
  const longest = state === 'running' ? spans.lease : spans.wait
  return stateTime > longest.horizon(now) ? 0 : stateTime
}

function lease(row: Row, leaseUntil: number): LeasedDelivery {
  Object.assign(row, {
    state: 'running',
    token: row.token + 1,
    attempts: row.attempts + 1,
    stateTime: leaseUntil,
  })
  const { message, token, attempts, history, replay } = row
  return { key: message.key, token, message, attempt: attempts, history, ...(replay && { replay }) }
}

function settle(row: Row | undefined, change: Partial<Row>): boolean {
  if (!row) return false
  Object.assign(row, change)
  return true
}

function restart(rows: readonly Row[], now: number, change: Partial<Row>): number {
  for (const row of rows) Object.assign(row, { state: 'pending', attempts: 0, stateTime: now, ...change })
  return rows.length
}

function copy({ token: _, ...row }: Row): StoredDelivery {
  return row
}

function eraseBody(row: Row): void {
  if (row.message.body.length > 0) row.message = { ...row.message, body: new Uint8Array() }
}

function count(rows: readonly Row[], now: number) {
  const counts = { pending: 0, running: 0, retrying: 0, dead: 0, done: 0, oldestPendingMs: 0 }
  for (const { state, message } of rows) {
    counts[state]++
    if (state !== 'pending' && state !== 'retrying') continue
    counts.oldestPendingMs = Math.max(counts.oldestPendingMs, now - message.receivedAt)
  }
  return counts
}

/** Deletes expired deliveries and bodies, unless the clock may be wrong. */
/** How many recent rows a purge passes before it stops looking for old ones. */
const MOST_RECENT = 16

function createPurge(rows: Map<string, Row>, clock: Clock, retainMs: number): () => void {
  let seen: SeenClock | undefined
  return () => {
    const now = clock.now()
    const { seen: next, agrees } = seeClock(seen, now)
    seen = next
    if (!agrees) return
    // Deliveries finish in about the order they came: after a few recent ones, nothing old is left to find.
    let recent = 0
    for (const [key, row] of rows) {
      if (row.state !== 'done') continue
      if (row.stateTime < now - RETENTION_MS) rows.delete(key)
      else if (row.stateTime < now - retainMs) eraseBody(row)
      else if (++recent > MOST_RECENT) return
    }
  }
}
