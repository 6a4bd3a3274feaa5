import { expect, test } from 'vitest'
import { noPersistence } from '../src/lib/storage/persistence.ts'
import { createStorage } from '../src/lib/storage/storage.ts'

const FULL = new TypeError('full')

test('what follows a change happens once it is stored, in order', () => {
  const storage = createStorage(noPersistence)
  const seen: string[] = []
  storage.afterCommit(() => seen.push('outside'))
  storage.atomically(() => {
    storage.afterCommit(() => seen.push('first'))
    storage.atomically(() => storage.afterCommit(() => seen.push('second')))
    seen.push('work')
  })
  expect(seen).toEqual(['outside', 'work', 'first', 'second'])
})

test('what follows a change that fails never happens', () => {
  for (const persistence of [
    noPersistence,
    {
      ...noPersistence,
      commit() {
        throw FULL
      },
    },
  ]) {
    const storage = createStorage(persistence)
    const seen: string[] = []
    const change = () =>
      storage.atomically(() => {
        storage.records('thing').put({ id: 'a' })
        storage.afterCommit(() => seen.push('effect'))
        if (persistence === noPersistence) throw FULL
      })
    expect(change).toThrow(FULL)
    expect(seen).toEqual([])
    expect(storage.records('thing').size).toBe(0)
  }
})

test('what follows a change can make another one', () => {
  const storage = createStorage(noPersistence)
  storage.atomically(() =>
    storage.afterCommit(() => storage.atomically(() => storage.records('thing').put({ id: 'b' }))),
  )
  expect([...storage.records('thing').values()]).toEqual([{ id: 'b' }])
})
