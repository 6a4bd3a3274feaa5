import { queueStorageModel, storeModel } from '@gwh/testing/model'
import { describe, test } from 'vitest'
import { createSqliteStore, openSqliteStorage } from '../src/index.ts'
import { temporaryFile } from './temporary-file.ts'

describe('SQLite store', () => {
  let path = ''
  storeModel(test, {
    create(now) {
      path = temporaryFile()
      return createSqliteStore({ path, now })
    },
    reopen: (now) => createSqliteStore({ path, now }),
  })
})

describe('SQLite storage', () => {
  let path = ''
  queueStorageModel(test, {
    create() {
      path = temporaryFile()
      return openSqliteStorage({ path })
    },
    reopen: () => openSqliteStorage({ path }),
  })
})
