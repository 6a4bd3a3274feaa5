// The contracts of stores and queues, for runtimes with `node:sqlite`.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteQueue, createSqliteStore } from '@gwh/store-sqlite'
import { queueContract, storeContract } from '@gwh/testing'

const folder = mkdtempSync(join(tmpdir(), 'gwh-runtimes-'))
let files = 0
const nextPath = () => join(folder, `${++files}.db`)

export function storesSuite(test: (title: string, run: () => Promise<void>) => void): void {
  queueContract((title, run) => test(`sqlite queue: ${title}`, run), {
    create: (clock) => createSqliteQueue({ path: nextPath(), clock }),
  })
  storeContract((title, run) => test(`sqlite store: ${title}`, run), {
    create: (now) => createSqliteStore({ path: nextPath(), now }),
  })
}
