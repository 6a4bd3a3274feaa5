import { existsSync, readFileSync } from 'node:fs'
import type { DeliveryQueue } from '@gwh/core/queue'
import { withDatabase } from './database.ts'
import { eventually } from './scenario.ts'
import type { AckLogEntry } from './sender.ts'

/** What a SQLite queue knows about its deliveries. */
export interface Dump {
  states: Map<string, { state: string; attempts: number }>
  /** Effects that were made in transactions, by id. */
  effects: string[]
  /** What `integrity_check` says: `ok`. */
  integrity: string
}

/** How the ack log, the store and the effect log differ. */
export interface Difference {
  /** Acknowledged, but not in the store. */
  lost: number
  /** In the store, but neither done nor dead. */
  stuck: number
  dead: number
  /** Done without an effect. */
  missing: number
  /** Effects beyond the first of each delivery. */
  extra: number
  /** Acknowledged as new more than once. */
  twice: number
}

const UNSETTLED = `SELECT count(*) AS unsettled FROM gwh_deliveries WHERE state NOT IN ('done', 'dead')`

/** Waits until a queue has nothing left to do. */
export async function quiesce(path: string, deadlineMs = 30_000): Promise<boolean> {
  return await eventually(
    () => withDatabase(path, (database) => database.prepare(UNSETTLED).get()?.unsettled === 0),
    deadlineMs,
  )
}

/** Waits until a queue of any kind has nothing left to do. */
export async function isSettled(queue: DeliveryQueue, deadlineMs: number): Promise<boolean> {
  return await eventually(async () => {
    // A busy machine may keep Redis from answering in time.
    const counts = await queue.stats().catch(() => undefined)
    return counts !== undefined && counts.pending + counts.running + counts.retrying === 0
  }, deadlineMs)
}

/** Reads everything in a queue. */
export function readDump(path: string): Dump {
  return withDatabase(path, (database) => {
    const rows = database.prepare('SELECT id, state, attempts FROM gwh_deliveries').all() as unknown as {
      id: string
      state: string
      attempts: number
    }[]
    const table = database.prepare(`SELECT name FROM sqlite_schema WHERE name = 'effects'`).get()
    const effects = table ? database.prepare('SELECT id FROM effects').all() : []
    return {
      states: new Map(rows.map(({ id, state, attempts }) => [id, { state, attempts }])),
      effects: effects.map(({ id }) => String(id)),
      integrity: String(database.prepare('PRAGMA integrity_check').get()?.integrity_check),
    }
  })
}

/** The ids of a file of effects, one for each effect. */
export function readEffects(path: string): string[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => line.slice(0, line.indexOf(',')))
}

/** Compares what was acknowledged with what is kept and what was done. */
export function compare(
  ackLog: ReadonlyMap<string, AckLogEntry>,
  { states }: Pick<Dump, 'states'>,
  effects: readonly string[],
): Difference {
  const rows = [...states]
  const handled = new Set(effects)
  const inState = (...wanted: string[]) => rows.filter(([, { state }]) => wanted.includes(state))
  return {
    lost: [...ackLog.keys()].filter((id) => !states.has(id)).length,
    stuck: rows.length - inState('done', 'dead').length,
    dead: inState('dead').length,
    missing: inState('done').filter(([id]) => !handled.has(id)).length,
    extra: effects.length - handled.size,
    twice: [...ackLog.values()].filter(({ accepted }) => accepted > 1).length,
  }
}
