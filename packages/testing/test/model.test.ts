import { createMemoryStorage } from '@gwh/core/queue'
import { createMemoryStore } from '@gwh/core/store'
import { describe, test } from 'vitest'
import { queueStorageModel, storeModel } from '../src/model.ts'

describe('memory store', () => {
  storeModel(test, { create: (now) => createMemoryStore({ now }) }, { runs: 500 })
})

describe('memory storage', () => {
  queueStorageModel(test, { create: () => createMemoryStorage() }, { runs: 500 })
})
