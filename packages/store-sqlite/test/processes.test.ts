import { createSqliteQueue } from '@gwh/store-sqlite'
import { createFakeClock } from '@gwh/testing'
import { expect, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { query } from './inspect.ts'
import { seededRandom } from './seeded-random.ts'
import { temporaryFile } from './temporary-file.ts'

const KILLS = 8

test('everything acknowledged is there after the process was killed at any moment', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom('kills')
  const path = temporaryFile()
  const acknowledged: string[] = []

  for (let round = 0; round < KILLS; round++) {
    acknowledged.push(...(await acknowledgedUntilKilled(path, `r${round}`, 1 + Math.floor(random() * 400))))
    expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    const stored = new Set(query(path, 'SELECT key FROM gwh_deliveries').map((row) => row.key))
    expect(acknowledged.filter((key) => !stored.has(key))).toEqual([])
  }

  const queue = createSqliteQueue({ path })
  const handled: string[] = []
  await queue.drain(async (message) => void handled.push(message.key))
  expect(new Set(handled).size).toBe(handled.length)
  expect(acknowledged.filter((key) => !handled.includes(key))).toEqual([])
  await queue.close()
})

test('every acknowledged delivery has exactly one effect, whenever its process was killed', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom('kills')
  const path = temporaryFile()
  query(path, 'CREATE TABLE effects (key TEXT NOT NULL)')
  const acknowledged: string[] = []
  for (let round = 0; round < KILLS; round++) {
    const kill = 1 + Math.floor(random() * 400)
    acknowledged.push(...(await acknowledgedUntilKilled(path, `r${round}`, kill, './enqueue-and-work.ts')))
  }
  const unsettled = query(path, "SELECT count(*) AS n FROM gwh_deliveries WHERE state <> 'done'")[0]?.n

  // Leases of killed processes end an hour from now at the latest.
  const clock = createFakeClock(Date.now() + 3_600_000)
  const queue = createSqliteQueue({ path, clock })
  const insert = 'INSERT INTO effects VALUES (?)'
  const rest = await queue.drain(async ({ key }, { tx }) => tx?.((db) => void db.prepare(insert).run(key)))
  expect(rest.processed).toBe(unsettled)
  expect(await queue.stats()).toMatchObject({ pending: 0, running: 0, retrying: 0, dead: 0 })
  const effects = query(path, 'SELECT key, count(*) AS times FROM effects GROUP BY key')
  expect(effects.filter(({ times }) => times !== 1)).toEqual([])
  const affected = new Set(effects.map(({ key }) => key))
  expect(acknowledged.filter((key) => !affected.has(key))).toEqual([])
  await queue.close()
})

test('two processes on one file accept each delivery once and handle each once', {
  timeout: 60_000,
}, async () => {
  const path = temporaryFile()
  const lines: string[] = []
  const children = ['left', 'right'].map((name) => startChild('./enqueue-and-drain.ts', path, name))
  for (const child of children) child.onLine((line) => lines.push(line))
  for (const child of children) expect(await child.ended).toEqual({ code: 0, signal: null, errors: '' })

  const keysOf = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  const expected = ['shared', 'left', 'right'].flatMap((name) =>
    Array.from({ length: 150 }, (_, index) => `default:${name}-${index}`),
  )
  expect(keysOf('enqueued').sort()).toEqual(expected.sort())
  expect(keysOf('duplicate')).toHaveLength(150)
  expect(keysOf('handled').sort()).toEqual(expected)
  expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

/** Runs a process that enqueues, kills it after some acknowledgements, and returns what it acknowledged. */
async function acknowledgedUntilKilled(
  path: string,
  prefix: string,
  kill: number,
  script = './enqueue.ts',
): Promise<string[]> {
  const child = startChild(script, path, prefix)
  const keys: string[] = []
  child.onLine((key) => {
    keys.push(key)
    if (keys.length === kill) child.process.kill('SIGKILL')
  })
  expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL', errors: '' })
  return keys
}
