import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { queuedDelivery } from '@gwh/testing'
import { describe, expect, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { isInTransaction, isOpen } from '../src/lib/database/database-state.ts'

const SOURCES = join(import.meta.dirname, '../src')

/** A connection as Node 22.13 has it, without the properties added later. */
function openWithoutState(): DatabaseSync {
  return new Proxy(new DatabaseSync(':memory:'), {
    get(database, name) {
      if (name === 'isOpen' || name === 'isTransaction') return undefined
      const value: unknown = Reflect.get(database, name, database)
      return typeof value === 'function' ? value.bind(database) : value
    },
  })
}

describe.each([
  ['with its state', () => new DatabaseSync(':memory:')],
  ['without its state', openWithoutState],
])('a connection %s', (_, open) => {
  test('is open until it is closed', () => {
    const database = open()
    expect(isOpen(database)).toBe(true)
    database.close()
    expect(isOpen(database)).toBe(false)
  })

  test('is in a transaction from BEGIN to its end, and never when closed', () => {
    const database = open()
    const seen = [isInTransaction(database)]
    for (const sql of ['BEGIN', 'SAVEPOINT one', 'ROLLBACK', 'BEGIN IMMEDIATE', 'COMMIT']) {
      database.exec(sql)
      seen.push(isInTransaction(database))
    }
    database.close()
    seen.push(isInTransaction(database))
    expect(seen).toEqual([false, true, true, false, true, false, false])
  })

  test('stays in the transaction it is asked about', () => {
    const database = open()
    database.exec('CREATE TABLE jobs (name TEXT); BEGIN; INSERT INTO jobs VALUES (1)')
    isInTransaction(database)
    database.exec('ROLLBACK')
    expect(database.prepare('SELECT count(*) AS n FROM jobs').get()).toEqual({ n: 0 })
  })

  test('accepts deliveries again after a failed transaction', async () => {
    const database = open()
    const queue = createSqliteQueue({ database })
    database.exec(`CREATE TEMP TRIGGER refusal BEFORE INSERT ON gwh_deliveries
      BEGIN SELECT raise(FAIL, 'not now'); END`)
    await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject({ code: 'store_unavailable' })
    database.exec('DROP TRIGGER refusal')
    expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
    expect(await queue.stats()).toMatchObject({ pending: 1 })
    await queue.close()
    database.close()
  })

  test('detects an effect that has ended the transaction', async () => {
    const database = open()
    database.exec('CREATE TABLE jobs (name TEXT PRIMARY KEY)')
    const queue = createSqliteQueue({ database })
    await queue.enqueue(queuedDelivery())
    const drained = queue.drain(async (_, { tx }) => {
      tx?.((db) => db.exec('INSERT INTO jobs VALUES (1); INSERT OR ROLLBACK INTO jobs VALUES (1)'))
    })
    await expect(drained).rejects.toMatchObject({ message: expect.stringContaining('ended the transaction') })
    expect(database.prepare('SELECT count(*) AS n FROM jobs').get()).toEqual({ n: 0 })
    await queue.close()
    database.close()
  })
})

test.each([[undefined], [{}], [/exec/]])('%o is not an open connection', (value) => {
  expect(isOpen(value as unknown as DatabaseSync)).toBe(false)
})

// Node 22.19 and 24.0 throw "column index out of range" for them; newer ones, which run these tests, do not.
test('no statement numbers its parameters', () => {
  const files = globSync('**/*.ts', { cwd: SOURCES })
  const numbered = files.filter((file) => /[(\s=<>,]\?\d/.test(readFileSync(join(SOURCES, file), 'utf8')))
  expect(files.length).toBeGreaterThan(0)
  expect(numbered).toEqual([])
})
