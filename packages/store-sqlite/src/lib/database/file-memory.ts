import type { DatabaseSync } from 'node:sqlite'
import { CLOCK_SLACK_MS, type LongestSpan, type SeenClock, seeClock } from '@gwh/core/queue'

/** The kinds of leases and waits whose maximum is stored; each is a column of `gwh_file`. */
export type SpanKind = 'longest_lease' | 'longest_wait' | 'longest_claim'

/**
 * Prepares the longest lease or wait of one kind that any process has requested, stored in the file. Call its `note` inside
 * a transaction.
 *
 * A time further ahead was written by a clock that has been set back since, and must not be waited for.
 */
export function prepareSpan(database: DatabaseSync, kind: SpanKind): LongestSpan {
  const read = database.prepare(`SELECT ${kind} AS ms FROM gwh_file`)
  const raise = database.prepare(`UPDATE gwh_file SET ${kind} = ? WHERE ${kind} < ?`)
  // A lower bound of what the file holds. It may be too high after a rollback; the next claim reads it again.
  let known = Number.NEGATIVE_INFINITY
  return {
    note(ms) {
      if (!(ms > known)) return
      raise.run(ms, ms)
      known = ms
    },
    horizon(now) {
      known = Number(read.get()?.ms)
      return now + known + CLOCK_SLACK_MS
    },
  }
}

/**
 * Prepares the comparison of the clock with what any process has seen before; see `seeClock`.
 *
 * The returned function records the time and returns whether the clock can be trusted for a purge. Call it inside a
 * transaction.
 */
export function prepareSeenClock(database: DatabaseSync): (now: number) => boolean {
  const read = database.prepare('SELECT clock_at, clock_jumped_to FROM gwh_file')
  const write = database.prepare('UPDATE gwh_file SET clock_at = ?, clock_jumped_to = ?')
  return (now) => {
    const { seen, agrees } = seeClock(toSeen(read.get()), now)
    write.run(seen.at, seen.jumpedTo ?? null)
    return agrees
  }
}

function toSeen(row: Record<string, unknown> | undefined): SeenClock | undefined {
  if (typeof row?.clock_at !== 'number') return undefined
  const jumpedTo = row.clock_jumped_to
  return { at: row.clock_at, ...(typeof jumpedTo === 'number' && { jumpedTo }) }
}
