import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteLedger, createSqliteQueue, createSqliteStore } from '../src/index.ts'

test.each([
  ['store', createSqliteStore, 'gwh_claims'],
  ['queue', createSqliteQueue, 'gwh_deliveries'],
  ['ledger', createSqliteLedger, 'gwh_jobs'],
])('a %s that cannot be prepared leaves no file open', async (_, create, table) => {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-sqlite-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'damaged.db')
  await create({ path }).close?.()
  const database = new DatabaseSync(path)
  database.exec(`DROP TABLE ${table}`)
  database.close()
  expect(() => create({ path })).toThrow()
  expect(openFiles(folder)).toEqual([])
})

/** What this process has open in a folder. */
function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(folder) ? [target] : []
    } catch {
      return []
    }
  })
}
