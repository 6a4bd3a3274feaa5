import { type Clock, systemClock } from '../shared/clock.ts'
import type { DeadReason, DeliveryQueue, QueuedDelivery } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import type { Lease, LeasedDelivery } from './settlement.ts'
import { createStoredQueue, type StoredQueueOptions } from './stored-queue.ts'

interface Row {
  message: QueuedDelivery
  state: 'pending' | 'running' | 'retrying' | 'done' | 'dead'
  token: number
  attempts: number
  /** When the row may be claimed: at once, when its retry is due, or when its lease runs out. */
  dueAt: number
  reason?: DeadReason
  settledAt?: number
}

/** How long a handled delivery is remembered, so that a late retry of it is still a duplicate: 72 hours. */
const RETENTION_MS = 72 * 3_600_000

/**
 * A queue in this process's memory: for development and tests. Nothing in it survives the process, so what
 * it acknowledges can be lost; production wants `@gwh/store-sqlite` or `@gwh/bullmq`.
 */
export function createMemoryQueue(options: StoredQueueOptions = {}): DeliveryQueue {
  return createStoredQueue(createMemoryStorage(options.clock ?? systemClock), options)
}

/** The transitions of a queue in memory, for `createStoredQueue`. */
export function createMemoryStorage(clock: Clock = systemClock): QueueStorage {
  const rows = new Map<string, Row>()
  const claimable = (row: Row, now: number) =>
    row.state !== 'done' && row.state !== 'dead' && row.dueAt <= now
  const held = ({ key, token }: Lease): Row | undefined => {
    const row = rows.get(key)
    return row?.state === 'running' && row.token === token ? row : undefined
  }
  const dead = () => [...rows.values()].filter((row) => row.state === 'dead')
  const forgetOld = () => {
    const before = clock.now() - RETENTION_MS
    for (const [key, row] of rows) {
      if (row.state === 'done' && row.settledAt! < before) rows.delete(key)
      else if (row.state === 'done') return
    }
  }

  return {
    async insert(message) {
      forgetOld()
      if (rows.has(message.key)) return 'duplicate'
      const body = new Uint8Array(message.body)
      rows.set(message.key, {
        message: { ...message, body },
        state: 'pending',
        token: 0,
        attempts: 0,
        dueAt: 0,
      })
      return 'enqueued'
    },
    async claim({ limit, now, leaseUntil, alone = true }) {
      const due = [...rows.values()].filter((row) => claimable(row, now))
      const quarantined = due.find((row) => row.state === 'running' && row.attempts >= 2)
      if (!quarantined) return due.slice(0, limit).map((row) => lease(row, leaseUntil))
      return alone ? [{ ...lease(quarantined, leaseUntil), quarantined: true }] : []
    },
    async renew(lease, leaseUntil) {
      return settle(held(lease), { dueAt: leaseUntil })
    },
    async complete(lease, now) {
      const row = held(lease)
      if (row) row.message = { ...row.message, body: new Uint8Array() }
      return settle(row, { state: 'done', settledAt: now })
    },
    async retry(lease, dueAt) {
      return settle(held(lease), { state: 'retrying', dueAt })
    },
    async deadLetter(lease, reason, now) {
      return settle(held(lease), { state: 'dead', reason, settledAt: now })
    },
    async nextDueAt() {
      const waiting = [...rows.values()].filter((row) => claimable(row, Number.POSITIVE_INFINITY))
      return waiting.length === 0 ? undefined : Math.min(...waiting.map((row) => row.dueAt))
    },
    async stats(now) {
      const count = (state: Row['state']) => [...rows.values()].filter((row) => row.state === state).length
      const waiting = [...rows.values()].filter((row) => row.state === 'pending' || row.state === 'retrying')
      const oldest = Math.min(now, ...waiting.map((row) => row.message.receivedAt))
      return {
        pending: count('pending'),
        running: count('running'),
        retrying: count('retrying'),
        dead: count('dead'),
        done: count('done'),
        oldestPendingMs: now - oldest,
      }
    },
    async listDead(limit) {
      const newestFirst = dead().sort((a, b) => b.settledAt! - a.settledAt!)
      return newestFirst.slice(0, limit).map((row) => ({
        message: row.message,
        reason: row.reason!,
        attempts: row.attempts,
        deadAt: row.settledAt!,
      }))
    },
    async redrive(keyOrAll, now) {
      const chosen = dead().filter((row) => keyOrAll === 'all' || row.message.key === keyOrAll)
      for (const row of chosen) Object.assign(row, { state: 'pending', attempts: 0, dueAt: now })
      return chosen.length
    },
    async purgeDead(olderThan) {
      const chosen = dead().filter((row) => row.settledAt! < olderThan)
      for (const row of chosen) rows.delete(row.message.key)
      return chosen.length
    },
    async close() {
      rows.clear()
    },
  }
}

function lease(row: Row, leaseUntil: number): LeasedDelivery {
  Object.assign(row, {
    state: 'running',
    token: row.token + 1,
    attempts: row.attempts + 1,
    dueAt: leaseUntil,
  })
  return { key: row.message.key, token: row.token, message: row.message, attempt: row.attempts }
}

function settle(row: Row | undefined, change: Partial<Row>): boolean {
  if (!row) return false
  Object.assign(row, change)
  return true
}
