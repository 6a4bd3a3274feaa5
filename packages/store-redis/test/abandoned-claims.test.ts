import { expect, test } from 'vitest'
import { createAbandonedClaims } from '../src/lib/abandoned-claims.ts'

test('abandoned claims are remembered until their leases end', () => {
  const claims = createAbandonedClaims()
  claims.add('a', 'one', 10, 0)
  claims.add('a', 'two', 20, 5)
  expect(claims.tokens('a')).toEqual(['one', 'two'])
  claims.add('b', 'three', 30, 20)
  expect(claims.tokens('a')).toEqual([])
  expect(claims.tokens('b')).toEqual(['three'])
})

test('an outage of any length is remembered in bounded memory, the latest claims of it', () => {
  const claims = createAbandonedClaims()
  for (let index = 0; index < 20_000; index++) claims.add(`key-${index}`, 'token', 60_000, 0)
  for (let index = 0; index < 100; index++) claims.add('key-19999', `token-${index}`, 60_000, 0)
  const kept = Array.from({ length: 20_000 }, (_, index) => claims.tokens(`key-${index}`).length)
  expect(kept.filter((tokens) => tokens > 0)).toHaveLength(10_000)
  expect(kept.slice(-2)).toEqual([1, 16])
  expect(claims.tokens('key-19999').at(-1)).toBe('token-99')
})
