import { describe, expect, test, vi } from 'vitest'
import { TimerHeap } from '../src/lib/shared/timer-heap.ts'
import { createEnds } from '../src/lib/state/ends.ts'
import { createGroups } from '../src/lib/storage/groups.ts'
import { noPersistence } from '../src/lib/storage/persistence.ts'
import { createStorage } from '../src/lib/storage/storage.ts'
import { seededRandom } from './engine-model.ts'
import { createTestEmulator } from './support.ts'

const event = { type: 'batch.succeeded', data: { id: 'batches/x' }, uris: ['http://127.0.0.1:1/hook'] }

test('nobody looks at every delivery while they are sent, end, make room and are waited for', async () => {
  const deliveries = 500
  const emulator = createTestEmulator({
    limits: { deliveries },
    fetch: async () => new Response(),
  })
  const looks = vi.spyOn(Map.prototype, 'values')
  const waits: Promise<void>[] = []
  for (let count = 0; count < 2 * deliveries; count += 1) {
    await emulator.trigger(event)
    waits.push(emulator.settled())
    if (count >= deliveries / 2) await emulator.idle()
  }
  await Promise.all(waits)
  const large = looks.mock.contexts.filter((map) => (map as Map<unknown, unknown>).size >= deliveries / 2)
  looks.mockRestore()
  expect(emulator.deliveries()).toHaveLength(deliveries)
  expect(large).toEqual([])
})

test('who waits is asked once when many things end at once', async () => {
  const ends = createEnds()
  let asked = 0
  let isBusy = true
  const waiting = ends.waitWhile(() => {
    asked += 1
    return isBusy
  })
  const signal = { type: 'job_deleted', at: 0, kind: 'batch', jobId: 'batches/x' } as const
  for (let count = 0; count < 1000; count += 1) ends.observe(signal)
  await Promise.resolve()
  expect(asked).toBe(2)
  isBusy = false
  ends.observe(signal)
  await waiting
  expect(asked).toBe(3)
})

describe('groups', () => {
  const groupsOf = () => {
    const storage = createStorage(noPersistence)
    const records = storage.records<{ id: string; color?: string }>('thing')
    records.put({ id: 'before', color: 'red' })
    const groups = createGroups(records, ({ color }) => color)
    return { storage, records, ids: (color: string) => [...groups(color).keys()] }
  }

  test('follow what is put, changed and deleted', () => {
    const { records, ids } = groupsOf()
    records.put({ id: 'a', color: 'red' })
    records.put({ id: 'b', color: 'blue' })
    records.put({ id: 'c' })
    expect([ids('red'), ids('blue'), ids('green')]).toEqual([['before', 'a'], ['b'], []])
    records.put({ id: 'before', color: 'blue' })
    records.delete('b')
    records.put({ id: 'a', color: 'red' })
    expect([ids('red'), ids('blue')]).toEqual([['a'], ['before']])
    records.replaceAll([{ id: 'n', color: 'green' }])
    expect([ids('red'), ids('blue'), ids('green')]).toEqual([[], [], ['n']])
  })

  test('are as before after a change that fails', () => {
    const { storage, records, ids } = groupsOf()
    const change = () =>
      storage.atomically(() => {
        records.put({ id: 'a', color: 'red' })
        records.put({ id: 'before', color: 'blue' })
        records.replaceAll([{ id: 'n', color: 'green' }])
        throw new TypeError('no')
      })
    expect(change).toThrow('no')
    expect([ids('red'), ids('blue'), ids('green')]).toEqual([['before'], [], []])
  })
})

describe('a timer heap', () => {
  test('gives out in the order of time, and of those at one time in the order they came', () => {
    const random = seededRandom(11)
    const heap = new TimerHeap<{ at: number; name: number }>()
    let model: { at: number; name: number }[] = []
    for (let step = 0; step < 5000; step += 1) {
      const chance = random()
      if (chance < 0.6) {
        const item = { at: Math.floor(random() * 50), name: step }
        heap.add(item)
        model.push(item)
      } else if (chance < 0.9) {
        const item = model[Math.floor(random() * model.length)]
        if (item !== undefined) heap.delete(item)
        model = model.filter((other) => other !== item)
      } else {
        const now = Math.floor(random() * 20)
        const due = model.filter(({ at }) => at <= now).sort((one, other) => one.at - other.at)
        expect(heap.takeDue(now)).toEqual(due)
        model = model.filter((item) => !due.includes(item))
      }
      expect(heap.first()?.at).toBe(model.length === 0 ? undefined : Math.min(...model.map(({ at }) => at)))
    }
    expect(heap.takeDue(50)).toHaveLength(model.length)
  })
})
