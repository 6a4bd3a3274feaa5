import { createMemoryQueue, createMemoryStorage } from '@gwh/core/queue'
import { createMemoryLedger, createMemoryStore } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
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

test('a ledger in memory forgets jobs that were given up, also where none ends otherwise', async () => {
  const ledger = createMemoryLedger()
  const giveUp = (id: string, now: number) =>
    ledger.giveUp({ endpoint: 'a', id, name: id, event: '{}', now, expiresAt: now + 1 })
  await giveUp('first', 0)
  await giveUp('second', 5)
  expect(await ledger.find({ endpoint: 'a', id: 'first' })).toBeUndefined()
})

test('a ledger in memory finds the next of 200,000 open jobs', async () => {
  const ledger = createMemoryLedger()
  for (let index = 0; index < 200_000; index++) {
    const lookAt = 1_000_000 - index
    await ledger.open({ endpoint: 'a', id: `job-${index}`, name: 'batches/x', createdAt: 0, lookAt })
  }
  expect(await ledger.nextLookAt('a', 0)).toBe(800_001)
  const taken = await ledger.take({ endpoint: 'a', dueAt: 800_003, now: 0, until: 1_000_001, limit: 10 })
  expect(taken.map(({ lookAt }) => lookAt)).toEqual([800_001, 800_002, 800_003])
})
