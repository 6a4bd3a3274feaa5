import type { DatabaseSync } from 'node:sqlite'
import { WebhookUnavailableError } from '@gwh/core/errors'
import { hashKey } from './delivery-row.ts'

// How many keys are kept in memory before they are merged. The more, the more of them fall on one page.
const RUN_LENGTH = 32_768
const SLICE_KEYS = 64
const ROWS_PER_STATEMENT = 16

// Hashes may collide, so the key is compared too.
const FIND_MERGED = `SELECT gwh_deliveries.seq FROM gwh_keys CROSS JOIN gwh_deliveries ON gwh_deliveries.seq = gwh_keys.seq
  WHERE gwh_keys.key_hash = ? AND key = ?`

/**
 * Finds deliveries by their key.
 *
 * Keys are random: in an index over all of them, each delivery would change a different page, and each changed
 * page is written twice. So the newest keys stay in memory, by hash, and are merged into `gwh_keys` in the order
 * of their hashes, one slice every few deliveries. They are read again when the file is opened.
 */
export interface KeyIndex {
  /** Reads what other processes have added. Call it first in each transaction. */
  begun(): void
  /** The `seq` of a delivery. */
  find(hash: number, key: string): number | undefined
  /** Adds a delivery that was inserted. */
  added(hash: number, seq: number): void
  /** Merges enough to keep up with what was added. Call it last in each transaction. */
  merge(): void
  /** Undoes everything since `begun`, after a rollback. */
  rolledBack(): void
}

/** @param runLength How many keys are merged at a time; a power of two, at least 64 */
export function createKeyIndex(database: DatabaseSync, runLength: number = RUN_LENGTH): KeyIndex {
  const isAt = database.prepare('SELECT 1 FROM gwh_deliveries WHERE seq = ? AND key = ?')
  const findMerged = database.prepare(FIND_MERGED)
  const news = database.prepare(
    'SELECT key, seq FROM gwh_deliveries WHERE seq > max(?, (SELECT keys_to FROM gwh_file)) ORDER BY seq',
  )
  const mergeSlice = prepareMerge(database)
  const raise = database.prepare('UPDATE gwh_file SET keys_to = max(keys_to, ?)')
  let young = createRun(runLength)
  let old: Merging | undefined
  let last = 0
  // The state that a rollback restores.
  let before = { last, merged: 0, credit: 0 }
  let credit = 0
  let journal: number[] = []

  function readNew(): void {
    // Not by their stored hashes: a changed bit there would go unnoticed, because only messages are checked.
    for (const { key, seq } of news.all(last)) add(hashKey(String(key)), Number(seq))
  }
  function add(hash: number, seq: number): void {
    young.add(hash, seq)
    journal.push(hash)
    last = seq
  }
  function startRun(): void {
    if (old && old.merged === old.run.slices.length) old = undefined
    if (old || young.size() < runLength) return
    old = { run: young, upTo: last, merged: 0 }
    young = createRun(runLength)
  }
  function findRecent(hash: number, key: string): number | undefined {
    const at = (seq: number) => isAt.get(seq, key) !== undefined
    return young.get(hash).find(at) ?? old?.run.get(hash).find(at)
  }

  checkSequence(database)
  readNew()
  return {
    begun() {
      startRun()
      journal = []
      before = { last, merged: old?.merged ?? 0, credit }
      readNew()
    },
    find: (hash, key) => findRecent(hash, key) ?? (findMerged.get(hash, key)?.seq as number | undefined),
    added: add,
    merge() {
      if (!old) return
      credit += journal.length
      // A little faster than keys arrive, so that one run is merged before the next is full.
      for (; credit > 0 && old.merged < old.run.slices.length; credit -= SLICE_KEYS - 8) {
        mergeSlice(old.run.slices[old.merged]!)
        old.merged += 1
        if (old.merged === old.run.slices.length) raise.run(old.upTo)
      }
    },
    rolledBack() {
      for (const hash of journal.reverse()) young.removeLast(hash)
      journal = []
      last = before.last
      credit = before.credit
      if (old) old.merged = before.merged
    },
  }
}

/**
 * Refuses deliveries whose `seq` JavaScript cannot represent. Only damage or foreign code can write them, and every
 * later delivery would get a greater one.
 *
 * @throws WebhookUnavailableError `store_corrupt`
 */
function checkSequence(database: DatabaseSync): void {
  const largest = database.prepare(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM gwh_deliveries WHERE seq > :safe)
      OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'gwh_deliveries' AND seq > :safe)`,
  )
  if (largest.get({ safe: Number.MAX_SAFE_INTEGER }) === undefined) return
  const text =
    'the queue counts its deliveries beyond 2^53 - 1, which this package never does; restore the file'
  throw new WebhookUnavailableError('store_corrupt', text)
}

/** A run on its way into the table. */
interface Merging {
  run: Run
  /** The newest `seq` in it. */
  upTo: number
  /** How many of its slices are merged. */
  merged: number
}

/** Keys in memory. */
interface Run {
  /** Pairs of a hash and its `seq`, one after the other, by ranges of hashes in the order of the table. */
  slices: readonly number[][]
  size(): number
  add(hash: number, seq: number): void
  removeLast(hash: number): void
  get(hash: number): readonly number[]
}

const NONE: readonly number[] = []

function createRun(length: number): Run {
  const bits = Math.log2(length / SLICE_KEYS)
  const slices = Array.from({ length: 2 ** bits }, (): number[] => [])
  // Hashes are signed, and the ranges must rise with them.
  const sliceOf = (hash: number) => slices[bits === 0 ? 0 : (hash ^ 0x8000_0000) >>> (32 - bits)]!
  const seqs = new Map<number, number | number[]>()
  const get = (hash: number): readonly number[] => {
    const found = seqs.get(hash)
    return found === undefined ? NONE : typeof found === 'number' ? [found] : found
  }
  let size = 0
  return {
    slices,
    size: () => size,
    add(hash, seq) {
      size += 1
      sliceOf(hash).push(hash, seq)
      const others = get(hash)
      seqs.set(hash, others.length === 0 ? seq : [...others, seq])
    },
    removeLast(hash) {
      size -= 1
      sliceOf(hash).length -= 2
      const others = get(hash).slice(0, -1)
      if (others.length === 0) seqs.delete(hash)
      else seqs.set(hash, others)
    },
    get,
  }
}

function prepareMerge(database: DatabaseSync): (slice: readonly number[]) => void {
  const prepare = (rows: number) =>
    database.prepare(`INSERT OR IGNORE INTO gwh_keys VALUES ${Array(rows).fill('(?, ?)').join(', ')}`)
  const [one, many] = [prepare(1), prepare(ROWS_PER_STATEMENT)]
  return (slice) => {
    const values = sortPairs(slice)
    const step = 2 * ROWS_PER_STATEMENT
    let next = 0
    for (; next + step <= values.length; next += step) many.run(...values.slice(next, next + step))
    for (; next < values.length; next += 2) one.run(values[next]!, values[next + 1]!)
  }
}

function sortPairs(flat: readonly number[]): number[] {
  const pairs = Array.from({ length: flat.length / 2 }, (_, index) => flat.slice(2 * index, 2 * index + 2))
  return pairs.sort(([left = 0], [right = 0]) => left - right).flat()
}
