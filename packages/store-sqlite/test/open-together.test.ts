import { expect, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { openDatabase } from '../src/lib/database/database.ts'
import { startChild } from './children/start-child.ts'
import { temporaryFile } from './temporary-file.ts'

const PROCESSES = 8
const STARTED_AFTER_MS = 3_000

async function lockNewFile(ms: number) {
  const path = temporaryFile()
  const child = startChild('./lock-new-file.ts', path, String(ms))
  await new Promise<string>((resolve) => child.onLine(resolve))
  return { path, child }
}

test('processes that open a new file at the same moment all wait for one another', {
  timeout: 120_000,
}, async () => {
  const path = temporaryFile()
  const moment = String(Date.now() + STARTED_AFTER_MS)
  const outcomes: string[] = []
  const children = Array.from({ length: PROCESSES }, () => startChild('./open-at.ts', path, moment))
  for (const child of children) child.onLine((line) => outcomes.push(line))
  await Promise.all(children.map(({ ended }) => ended))
  expect(outcomes).toEqual(Array(PROCESSES).fill('opened'))
})

test('opening a file waits while another process lets nobody read it', async () => {
  const { path, child } = await lockNewFile(500)
  const queue = createSqliteQueue({ path })
  await queue.close()
  expect(await child.ended).toMatchObject({ code: 0, errors: '' })
})

test('all steps of opening share one budget for locks, after which it is refused', async () => {
  const { path, child } = await lockNewFile(60_000)
  const refused = { code: 'store_unavailable', message: expect.stringContaining('locked') }
  expect(() => openDatabase(path, { lockBudgetMs: 50 })).toThrow(expect.objectContaining(refused))
  child.process.kill('SIGKILL')
  await child.ended
})
