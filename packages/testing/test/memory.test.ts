import { createMemoryQueue, createMemoryStorage } from '@gwh/core/queue'
import { createMemoryLedger, createMemoryStore } from '@gwh/core/store'
import { describe, test } from 'vitest'
import { ledgerContract, queueContract, queueStorageContract, storeContract } from '../src/index.ts'

describe('memory store', () => {
  storeContract(test, { create: (now) => createMemoryStore({ now }) })
})

describe('memory queue', () => {
  queueContract(test, {
    create: (clock) => createMemoryQueue({ clock }),
    createRetaining: (clock) => createMemoryQueue({ clock, retainBodies: { forMs: 3_600_000 } }),
  })
})

describe('memory storage', () => {
  queueStorageContract(test, { create: () => createMemoryStorage() })
})

describe('memory ledger', () => {
  ledgerContract(test, { create: createMemoryLedger })
})
