import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue, createSqliteStore } from '../src/index.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

/** A database like that of an application: with tables, a schema version, and names that a queue might use. */
function openApplication(path = temporaryFile()): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(`CREATE TABLE deliveries (parcel TEXT); CREATE TABLE keys (door TEXT);
    CREATE TABLE claims (insurance TEXT); CREATE TABLE file (name TEXT);
    CREATE TABLE finished (job TEXT PRIMARY KEY); PRAGMA user_version = 7`)
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  return database
}

test('a queue adds only names that begin with gwh_ to the file of an application', async () => {
  const path = temporaryFile()
  const application = openApplication(path)
  const before = query(path, 'SELECT name FROM sqlite_schema').map(({ name }) => name)
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  await queue.enqueue(queuedDelivery())
  const added = query(path, 'SELECT name FROM sqlite_schema')
    .map(({ name }) => String(name))
    .filter((name) => !before.includes(name) && !name.startsWith('sqlite_'))
  expect(added.filter((name) => !name.startsWith('gwh_'))).toEqual([])
  expect(added.length).toBeGreaterThan(0)
  expect(application.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 })
})

test('a queue works on a connection of the application, whose tables effects change', async () => {
  const database = openApplication()
  const queue = createSqliteQueue({ database })
  await queue.enqueue(queuedDelivery({ id: 'job-1' }))
  await queue.drain(async ({ id }, { tx }) => {
    tx?.((db) => db.prepare('INSERT INTO finished VALUES (?)').run(id))
  })
  expect(database.prepare('SELECT job FROM finished').all()).toEqual([{ job: 'job-1' }])
  expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 })
  await queue.close()
  await queue.close()
  expect(database.isOpen).toBe(true)
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject({ code: 'store_unavailable' })
})

test('a database closed before its queue fails every write with an error that says so', async () => {
  const database = openApplication()
  const queue = createSqliteQueue({ database })
  database.close()
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringContaining('closed before the queue or store that uses it'),
  })
  await queue.close()
})

test('an effect that is added after its handler returned is reported, and adding it throws', async () => {
  const queue = createSqliteQueue({ database: openApplication() })
  const errors: unknown[] = []
  let late: ((effect: () => void) => void) | undefined
  await queue.enqueue(queuedDelivery())
  await queue.drain(
    async (_, { tx }) => {
      late = tx
    },
    { onError: (error) => errors.push(error) },
  )
  expect(() => late?.(() => {})).toThrow('tx was called after the handler returned')
  expect(errors).toEqual([expect.objectContaining({ code: 'handler_failed' })])
  await queue.close()
})

test('a queue and a store share one connection', async () => {
  const database = openApplication()
  const queue = createSqliteQueue({ database })
  const store = createSqliteStore({ database })
  const deadlines = { leaseUntil: Date.now() + 60_000, expiresAt: Date.now() + 60_000 }
  const [enqueued, claim] = await Promise.all([
    queue.enqueue(queuedDelivery()),
    store.claim('key', deadlines),
  ])
  expect([enqueued, claim.status]).toEqual(['enqueued', 'claimed'])
  await Promise.all([queue.close(), store.close?.()])
})

test('the queue waits for a transaction of the application on the same connection', async () => {
  const database = openApplication()
  const queue = createSqliteQueue({ database })
  database.exec('BEGIN')
  const enqueued = queue.enqueue(queuedDelivery())
  await new Promise((resolve) => setImmediate(resolve))
  database.exec("INSERT INTO finished VALUES ('mine')")
  database.exec('ROLLBACK')
  expect(await enqueued).toBe('enqueued')
  expect(database.prepare('SELECT count(*) AS n FROM finished').get()).toEqual({ n: 0 })
  await queue.close()
})

test('the connection may be a database in memory', async () => {
  const database = new DatabaseSync(':memory:')
  const queue = createSqliteQueue({ database })
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await queue.close()
  database.close()
})

test.each([
  ['neither path nor database', () => ({})],
  ['both', () => ({ path: ':memory:', database: new DatabaseSync(':memory:') })],
  ['a database that is closed', () => ({ database: new DatabaseSync(':memory:', { open: false }) })],
  ['something that is not a database', () => ({ database: {} })],
  [
    'a database inside a transaction',
    () => {
      const database = new DatabaseSync(':memory:')
      database.exec('BEGIN')
      return { database }
    },
  ],
])('wrong options are refused: %s', (_, make) => {
  const options = make() as unknown as Parameters<typeof createSqliteQueue>[0]
  expect(() => createSqliteQueue(options)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
})

test.each(['readBigInts', 'returnArrays'] as const)('a database opened with %s is refused', (name) => {
  const database = new DatabaseSync(':memory:', { [name]: true })
  const refusal = { code: 'option_invalid', message: expect.stringContaining(`${name}: true`) }
  expect(() => createSqliteQueue({ database })).toThrow(expect.objectContaining(refusal))
  expect(() => createSqliteStore({ database })).toThrow(expect.objectContaining(refusal))
})

test('a database opened without bare names of parameters is refused', () => {
  const database = new DatabaseSync(':memory:', { allowBareNamedParameters: false })
  const message = expect.stringContaining('allowBareNamedParameters: false')
  expect(() => createSqliteQueue({ database })).toThrow(
    expect.objectContaining({ code: 'option_invalid', message }),
  )
})

test.each(['OFF', 'NORMAL'])(
  'a database set to synchronous = %s later acknowledges nothing',
  async (level) => {
    const database = openApplication()
    const queue = createSqliteQueue({ database })
    const store = createSqliteStore({ database })
    const deadlines = { leaseUntil: Date.now() + 60_000, expiresAt: Date.now() + 60_000 }
    database.exec(`PRAGMA synchronous = ${level}`)
    const refusal = {
      code: 'store_unavailable',
      message: expect.stringContaining('PRAGMA synchronous = FULL'),
    }
    await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(refusal)
    await expect(store.claim('key', deadlines)).rejects.toMatchObject(refusal)
    database.exec('PRAGMA synchronous = EXTRA')
    expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
    await Promise.all([queue.close(), store.close?.()])
  },
)

test('a tool can require a queue that exists', async () => {
  const path = temporaryFile()
  const refusal = expect.objectContaining({ code: 'option_invalid', message: `there is no queue at ${path}` })
  expect(() => createSqliteQueue({ path, mustExist: true })).toThrow(refusal)
  expect(existsSync(path)).toBe(false)
  openApplication(path).close()
  expect(() => createSqliteQueue({ path, mustExist: true })).toThrow(refusal)
  expect(query(path, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'delete' }])
  await createSqliteQueue({ path }).close()
  const queue = createSqliteQueue({ path, mustExist: true })
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await queue.close()
})
