import { createSqliteQueue } from '@gwh/store-sqlite'
import { expect, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const KILLS = 8

test('everything acknowledged is there after the process was killed at any moment', {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env.GWH_SEED ?? Date.now() % 1_000_000)
  console.info(`seed of the kills: ${seed} (set GWH_SEED to repeat them)`)
  const random = createRandom(seed)
  const path = temporaryFile()
  const acknowledged: string[] = []

  for (let round = 0; round < KILLS; round++) {
    acknowledged.push(...(await acknowledgedUntilKilled(path, `r${round}`, 1 + Math.floor(random() * 400))))
    expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    const stored = new Set(query(path, 'SELECT key FROM deliveries').map((row) => row.key))
    expect(acknowledged.filter((key) => !stored.has(key))).toEqual([])
  }

  const queue = createSqliteQueue({ path })
  const handled: string[] = []
  await queue.drain(async (message) => void handled.push(message.key))
  expect(new Set(handled).size).toBe(handled.length)
  expect(acknowledged.filter((key) => !handled.includes(key))).toEqual([])
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

/** Runs a process that enqueues, kills it once it has acknowledged so many, and returns what it acknowledged. */
async function acknowledgedUntilKilled(path: string, prefix: string, kill: number): Promise<string[]> {
  const child = startChild('./enqueue.ts', path, prefix)
  const keys: string[] = []
  child.onLine((key) => {
    keys.push(key)
    if (keys.length === kill) child.process.kill('SIGKILL')
  })
  expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL', errors: '' })
  return keys
}

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
