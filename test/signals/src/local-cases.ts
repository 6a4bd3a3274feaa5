import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createMemoryQueue } from '@gwh/core'
import { createMemoryStore } from '@gwh/core/store'
import { createSqliteQueue, createSqliteStore } from '@gwh/store-sqlite'
import type { Case, Sink } from './backend.ts'

const STORES: Record<string, (path: string) => Sink> = {
  'SQLite queue': (path) => ({ queue: createSqliteQueue({ path }) }),
  'SQLite store': (path) => ({ store: createSqliteStore({ path }) }),
}

/** What another connection, or another program, does to the file of a queue or store. */
const FAULTS: Record<string, (path: string, sink: Sink) => unknown> = {
  locked: (path) => lock(path),
  closed: (_, sink) => ('queue' in sink ? sink.queue.close() : sink.store.close?.()),
  deleted: (path) => rmSync(path),
  'without its tables': (path) => dropTables(path),
  'with a trigger that refuses': (path) => refuseWrites(path),
}

const sqliteCases = Object.entries(STORES).flatMap(([backend, create]) =>
  Object.entries(FAULTS).map(([fault, begin]) => ({
    backend,
    fault,
    async open() {
      const folder = mkdtempSync(join(tmpdir(), 'gwh-signals-'))
      const path = join(folder, 'deliveries.db')
      const sink = create(path)
      let end: unknown
      return {
        sink,
        begin: async () => {
          end = await begin(path, sink)
        },
        async close() {
          if (typeof end === 'function') end()
          const closed = 'queue' in sink ? sink.queue.close() : sink.store.close?.()
          // A file that is no longer a database cannot be closed in order.
          await Promise.resolve(closed).catch(() => {})
          rmSync(folder, { recursive: true })
        },
      }
    },
  })),
)

const fullDisk: Case = {
  backend: 'SQLite queue',
  fault: 'on a full disk',
  fromTheStart: true,
  refusesOnly: true,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'gwh-signals-'))
    const path = join(folder, 'deliveries.db')
    const queue = createSqliteQueue({ path, minFreeBytes: Number.MAX_SAFE_INTEGER })
    return {
      sink: { queue },
      begin: () => {},
      async close() {
        await queue.close()
        rmSync(folder, { recursive: true })
      },
    }
  },
}

/** Memory has no faults of its own, so these stores throw what a client throws. */
const memoryCases: readonly Case[] = [
  { backend: 'memory queue', sink: (): Sink => ({ queue: createMemoryQueue() }) },
  { backend: 'memory store', sink: (): Sink => ({ store: createMemoryStore() }) },
].map(({ backend, sink }) => ({
  backend,
  fault: 'whose methods throw what they were given',
  async open() {
    const opened = sink()
    const target = 'queue' in opened ? opened.queue : opened.store
    return {
      sink: opened,
      begin: () => Object.assign(target, failing('enqueue', 'claim', 'complete', 'release', 'stats')),
      close: async () => {},
    }
  },
}))

/** Methods that reject with an error that holds their arguments, as ioredis's do. */
function failing(...names: string[]): Record<string, (...args: unknown[]) => Promise<never>> {
  const fail = (...args: unknown[]) => Promise.reject(Object.assign(new TypeError('no'), { args }))
  return Object.fromEntries(names.map((name) => [name, fail]))
}

/** Every backend that needs no server, under every fault that can be caused. */
export const LOCAL_CASES: readonly Case[] = [...memoryCases, ...sqliteCases, fullDisk]

function lock(path: string): () => void {
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  return () => other.close()
}

function tablesOf(database: DatabaseSync): string[] {
  const rows = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  return rows.map(({ name }) => String(name)).filter((name) => !name.startsWith('sqlite_'))
}

function dropTables(path: string): void {
  const other = new DatabaseSync(path)
  other.exec('PRAGMA foreign_keys = OFF')
  for (const name of tablesOf(other)) other.exec(`DROP TABLE "${name}"`)
  other.close()
}

function refuseWrites(path: string): void {
  const other = new DatabaseSync(path)
  for (const name of tablesOf(other)) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      other.exec(
        `CREATE TRIGGER "no_${event}_${name}" BEFORE ${event} ON "${name}" BEGIN SELECT RAISE(ABORT, 'no'); END`,
      )
    }
  }
  other.close()
}
