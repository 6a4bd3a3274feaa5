import { createMemoryStore, type IdempotencyStore, type MemoryStoreOptions } from '@gwh/core/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createExpiringKeys } from '../src/lib/store/expiring-keys.ts'

const HOUR_MS = 3_600_000
const NOW = 1_795_000_000_000

function createHarness(options: MemoryStoreOptions = {}) {
  let now = NOW
  const store = createMemoryStore({ now: () => now, ...options })
  const deadlines = () => ({ leaseUntil: now + 60_000, expiresAt: now + 72 * HOUR_MS })
  return {
    store,
    advance(ms: number) {
      now += ms
    },
    claim: async (key: string) => await store.claim(key, deadlines()),
    async complete(key: string) {
      const claim = await store.claim(key, deadlines())
      if (claim.status !== 'claimed') throw new Error(claim.status)
      await store.complete(claim)
    },
  }
}

async function statusOf(store: IdempotencyStore, key: string) {
  // Deadlines in the past, so that asking leaves nothing behind that would be in progress.
  return (await store.claim(key, { leaseUntil: NOW, expiresAt: NOW })).status
}

test('beyond maxKeys it forgets the key that was completed first', async () => {
  const { store, claim, complete } = createHarness({ maxKeys: 3 })
  const first = await claim('started first, completed last')
  await complete('a')
  await complete('b')
  if (first.status === 'claimed') await store.complete(first)
  await complete('c')
  expect(await statusOf(store, 'started first, completed last')).toBe('completed')
  expect(await statusOf(store, 'b')).toBe('completed')
  expect(await statusOf(store, 'c')).toBe('completed')
  expect(await statusOf(store, 'a')).toBe('claimed')
})

test('it forgets no key in progress, however many there are', async () => {
  const { claim, complete } = createHarness({ maxKeys: 2 })
  for (const key of ['a', 'b', 'c', 'd']) await claim(key)
  await complete('e')
  for (const key of ['a', 'b', 'c', 'd']) expect((await claim(key)).status).toBe('in_progress')
  expect((await claim('e')).status).toBe('completed')
})

test('a key in progress can be completed and released although it is one too many', async () => {
  const { store, claim } = createHarness({ maxKeys: 1 })
  const [a, b] = [await claim('a'), await claim('b')]
  if (a.status !== 'claimed' || b.status !== 'claimed') throw new Error('not claimed')
  expect([await store.complete(a), await store.release(b)]).toEqual([true, true])
  expect((await claim('b')).status).toBe('claimed')
})

test('after a burst it forgets until maxKeys are left', async () => {
  const { store, claim } = createHarness({ maxKeys: 2 })
  const burst = await Promise.all(['a', 'b', 'c', 'd'].map(claim))
  for (const one of burst) if (one.status === 'claimed') await store.complete(one)
  await claim('e')
  expect((await claim('d')).status).toBe('completed')
  expect((await claim('c')).status).toBe('claimed')
})

test('with nothing completed it forgets the attempts of a released key', async () => {
  const { store, claim } = createHarness({ maxKeys: 1 })
  const a = await claim('a')
  if (a.status === 'claimed') await store.release(a)
  await claim('b')
  expect(await claim('a')).toMatchObject({ status: 'claimed', attempt: 1 })
})

test('a released key keeps its attempts while there is room', async () => {
  const { store, claim } = createHarness({ maxKeys: 2 })
  const a = await claim('a')
  if (a.status === 'claimed') await store.release(a)
  await claim('b')
  expect(await claim('a')).toMatchObject({ status: 'claimed', attempt: 2 })
})

test('expired keys make room', async () => {
  const { claim, complete, advance } = createHarness({ maxKeys: 2 })
  await complete('a')
  advance(HOUR_MS)
  await complete('b')
  for (let hours = 1; hours < 72; hours++) {
    advance(HOUR_MS)
    await claim('b')
  }
  await complete('a')
  expect((await claim('b')).status).toBe('completed')
})

test('remembers 100,000 keys by default', async () => {
  const { store, complete } = createHarness()
  for (let index = 0; index < 100_001; index++) await complete(`key ${index}`)
  expect(await statusOf(store, 'key 1')).toBe('completed')
  expect(await statusOf(store, 'key 0')).toBe('claimed')
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses maxKeys: %s', (maxKeys) => {
  expect(() => createMemoryStore({ maxKeys })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
})

test('keys are in the order they were added, whatever is deleted between', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const steps = fc.record({
    name: names,
    look: fc.boolean(),
    clear: fc.nat(30).map((chance) => chance === 0),
  })
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 100 }), (chosen) => {
      const keys = createExpiringKeys()
      const model = new Map<string, number>()
      chosen.forEach(({ name, look, clear }, time) => {
        if (clear) {
          keys.clear()
          model.clear()
        } else if (model.delete(name)) expect(keys.delete(name)).toBe(true)
        else {
          keys.add(name, time)
          model.set(name, time)
        }
        if (look) expect(keys.first()).toEqual(model.entries().next().value)
        expect([keys.size, keys.get(name)]).toEqual([model.size, model.get(name)])
      })
    }),
    { numRuns: 1_000 },
  )
})
