import {
  createFakeClock,
  ledgerContract,
  queueContract,
  queueStorageContract,
  storeContract,
} from '@gwh/testing'
import { describe, test } from 'vitest'
import { createSqliteLedger, createSqliteQueue, createSqliteStore, openSqliteStorage } from '../src/index.ts'
import { temporaryFile } from './temporary-file.ts'

describe('SQLite store', () => {
  let path = ''
  storeContract(test, {
    create(now) {
      path = temporaryFile()
      return createSqliteStore({ path, now })
    },
    reopen: (now) => createSqliteStore({ path, now }),
  })
})

describe('SQLite queue', () => {
  let path = ''
  queueContract(test, {
    create(clock) {
      path = temporaryFile()
      return createSqliteQueue({ path, clock })
    },
    reopen: (clock) => createSqliteQueue({ path, clock }),
    createRetaining: (clock) =>
      createSqliteQueue({ path: temporaryFile(), clock, retainBodies: { forMs: 3_600_000 } }),
  })
})

describe('SQLite storage', () => {
  let path = ''
  queueStorageContract(test, {
    create() {
      path = temporaryFile()
      return openSqliteStorage({ path })
    },
    reopen: () => openSqliteStorage({ path }),
  })
})

describe('SQLite ledger', () => {
  let path = ''
  let clock = createFakeClock()
  ledgerContract(test, {
    create() {
      path = temporaryFile()
      clock = createFakeClock()
      return createSqliteLedger({ path, clock })
    },
    reopen: () => createSqliteLedger({ path, clock }),
    advance: (ms) => clock.advance(ms),
  })
})
