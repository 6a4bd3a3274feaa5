import { expect, test } from 'vitest'
import { onDemand } from '../src/lib/shared/on-demand.ts'

test('a module is loaded with the first call, and what is created from it is kept', async () => {
  let loads = 0
  const get = onDemand(
    async () => ({ number: ++loads }),
    ({ number }) => ({ number }),
  )
  expect(loads).toBe(0)
  const created = await get()
  expect(created).toEqual({ number: 1 })
  // Not a promise, so that deliveries after the first are verified synchronously where cryptography is.
  expect(get()).toBe(created)
  expect(loads).toBe(1)
})

test('concurrent first calls share what is created first', async () => {
  const get = onDemand(
    async () => ({}),
    () => ({}),
  )
  const [one, other] = await Promise.all([get(), get()])
  expect(one).toBe(other)
})

test('a failed load is tried again', async () => {
  let loads = 0
  const get = onDemand(
    async () => {
      if (++loads === 1) throw new Error('no network')
      return {}
    },
    () => ({ ready: true }),
  )
  await expect(get()).rejects.toThrow('no network')
  await expect(get()).resolves.toEqual({ ready: true })
})
