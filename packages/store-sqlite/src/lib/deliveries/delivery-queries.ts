import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { WebhookConfigError } from '@gwh/core/errors'
import type { DeliveryState, QueueStats, QueueStorage, StoredDelivery } from '@gwh/core/queue'
import { DELIVERY_COLUMNS, type DeliveryRow, hashKey, toStored } from './delivery-row.ts'
import type { DeliveryStatements } from './delivery-statements.ts'
import type { StorageParts } from './storage-parts.ts'

type Queries = Pick<QueueStorage, 'nextDueAt' | 'stats' | 'list' | 'get' | 'listDead'>

// There is no index over ids, because every delivery would pay for it. This many rows are scanned in one turn of the
// event loop.
const ROWS_PER_TURN = 20_000

const page = (from: string, where: string) =>
  `SELECT ${DELIVERY_COLUMNS} FROM gwh_deliveries ${from} WHERE seq < ? ${where} ORDER BY seq DESC LIMIT ?`

/** Reads what is committed. */
export function createQueries(database: DatabaseSync, parts: StorageParts): Queries {
  const { group, statements, keys, leases, waits } = parts
  const bySeq = database.prepare(`SELECT ${DELIVERY_COLUMNS} FROM gwh_deliveries WHERE seq = ?`)
  const pageOfAll = database.prepare(page('NOT INDEXED', ''))
  // Most of the table is handled deliveries; the other states have few.
  const pageOfDone = database.prepare(page('NOT INDEXED', `AND state = 'done'`))
  const pageOfState = database.prepare(page('INDEXED BY gwh_deliveries_by_state', 'AND state = ?'))
  const listDead = database.prepare(`SELECT ${DELIVERY_COLUMNS} FROM gwh_deliveries
    WHERE state = 'dead' ORDER BY state_time DESC, seq DESC LIMIT ?`)
  const findId = prepareFindId(database, group.read)

  const readPage = (before: number, state: DeliveryState | undefined, limit: number) => {
    if (state === undefined) return pageOfAll.all(before, limit)
    return state === 'done' ? pageOfDone.all(before, limit) : pageOfState.all(before, state, limit)
  }
  const toBefore = (after: string | undefined): number => {
    if (after === undefined) return Number.MAX_SAFE_INTEGER
    const seq = keys.find(hashKey(after), after)
    if (seq !== undefined) return seq
    throw new WebhookConfigError('option_invalid', '"after" is not the key of a delivery in the queue')
  }
  return {
    nextDueAt: (now) =>
      group.read(() => {
        const horizons = { leaseHorizon: leases.horizon(now), waitHorizon: waits.horizon(now) }
        return (statements.nextDue.get(horizons)?.due ?? undefined) as number | undefined
      }),
    stats: (now) => group.read(() => readStats(statements, now)),
    list: ({ state, limit, after }) =>
      group.read(() => readPage(toBefore(after), state, limit).map(toDelivery)),
    listDead: (limit) => group.read(() => listDead.all(limit).map(toDelivery)),
    async get(keyOrWebhookId) {
      const byKey = await group.read(() => keys.find(hashKey(keyOrWebhookId), keyOrWebhookId))
      const seq = byKey ?? (await findId(keyOrWebhookId))
      const row = seq === undefined ? undefined : await group.read(() => bySeq.get(seq))
      return row && toDelivery(row)
    },
  }
}

function toDelivery(row: Record<string, unknown>): StoredDelivery {
  return toStored(row as unknown as DeliveryRow)
}

/** Finds the newest delivery with a `webhook-id`, without blocking the event loop. */
function prepareFindId(database: DatabaseSync, read: StorageParts['group']['read']) {
  const newest = database.prepare('SELECT max(seq) AS seq FROM gwh_deliveries')
  const oldest = database.prepare('SELECT min(seq) AS seq FROM gwh_deliveries')
  const find = database.prepare(
    'SELECT max(seq) AS seq FROM gwh_deliveries NOT INDEXED WHERE seq > ? AND seq <= ? AND id = ?',
  )
  return async (id: string): Promise<number | undefined> => {
    const last = await read(() => Number(oldest.get()?.seq ?? 0))
    let to = await read(() => Number(newest.get()?.seq ?? 0))
    for (; to > 0 && to >= last; to -= ROWS_PER_TURN) {
      const seq = await read(() => find.get(to - ROWS_PER_TURN, to, id)?.seq)
      if (typeof seq === 'number') return seq
      await setImmediate()
    }
    return undefined
  }
}

function readStats(statements: DeliveryStatements, now: number): QueueStats {
  const rows = statements.count.all() as unknown as { state: string; deliveries: number }[]
  const counts = new Map(rows.map((row) => [row.state, row.deliveries]))
  const oldest = statements.oldestWaiting.get()?.oldest as DeliveryRow['received_at'] | null
  return {
    pending: counts.get('pending') ?? 0,
    running: counts.get('running') ?? 0,
    retrying: counts.get('retrying') ?? 0,
    dead: counts.get('dead') ?? 0,
    done: counts.get('done') ?? 0,
    oldestPendingMs: oldest === null ? 0 : Math.max(0, now - oldest),
  }
}
