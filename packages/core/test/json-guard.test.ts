import { parseEvent } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { findJsonFlaw } from '../src/lib/shared/json-guard.ts'

const flawOf = (text: string) => findJsonFlaw(text, JSON.parse(text))
const nest = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth)

describe('a repeated key is a flaw', () => {
  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"a\\/b":1,"a/b":2}',
    '{"é":1,"\\u00e9":2}',
    '{"":1,"":2}',
    '{"a":{"a":1,"a":2}}',
    '[[{"x":[{"a":1,"b":2,"a":3}]}]]',
    '{"a" : 1 ,\n\t"a"\r: 2}',
    '{"a":"\\\\","a":2}',
    '{"a":"\\"","a":2}',
    '{"type":"x","data":{},"type":"y"}',
    '{"1":0,"1":0}',
    '{"constructor":1,"constructor":2}',
    '{"a":{"b":1},"a":{"b":1}}',
  ])('%s', (text) => {
    expect(flawOf(text)).toBe('duplicate_key')
  })
})

describe('a key that reaches a prototype is a flaw', () => {
  test.each([
    '{"__proto__":1}',
    '{"__proto__":{"polluted":true}}',
    '{"a":[{"b":{"__proto__":null}}]}',
    '{"\\u005f\\u005fproto__":{}}',
    '{"__proto\\u005f_":{}}',
  ])('%s', (text) => {
    expect(flawOf(text)).toBe('forbidden_key')
  })

  test.each(['{"a":"__proto__"}', '{"proto":1}', '{"__proto":1}', '{"constructor":{"prototype":{}}}'])(
    '%s is none',
    (text) => {
      expect(flawOf(text)).toBeUndefined()
    },
  )
})

describe('nesting', () => {
  test.each([
    ['objects', '{"a":', '1', '}'],
    ['arrays', '[', '1', ']'],
  ])('of 64 %s is accepted, of 65 refused', (_, open, inner, close) => {
    expect(flawOf(nest(64, open, inner, close))).toBeUndefined()
    expect(flawOf(nest(65, open, inner, close))).toBe('too_deep')
  })

  test('counts objects and arrays alike', () => {
    expect(flawOf(nest(32, '{"a":[', '', ']}'))).toBeUndefined()
    expect(flawOf(nest(32, '{"a":[', '{}', ']}'))).toBe('too_deep')
  })

  test('of empty containers counts too', () => {
    expect(flawOf(nest(65, '[', '', ']'))).toBe('too_deep')
  })

  test.each([
    ['arrays', nest(100_000, '[', '', ']')],
    ['objects', nest(100_000, '{"a":', '1', '}')],
    ['arrays that never close', '['.repeat(500_000)],
  ])('of 100,000 %s is refused without a crash', (_, text) => {
    expect(() => parseEvent(text)).toThrow(expect.objectContaining({ code: 'payload_invalid' }))
  })
})

describe('text that only looks like structure is none', () => {
  test.each([
    '{"a:b":":"}',
    '{"a":"{\\"b\\":1,\\"b\\":2}"}',
    '{"a":"\\\\\\"b\\":"}',
    '{"\\"":":\\"","\\\\":"\\\\"}',
    '{"\\\\\\\\":"\\\\\\\\\\"::"}',
    '[":",":::","\\"\\":\\""]',
    '":"',
    '{"a":"\\u003a\\u0022:"}',
    '{"a":1,"A":2}',
    '{"a":1,"a ":2}',
    '{"é":1,"e\u0301":2}',
    '{"01":1,"1":2}',
    '{"":1}',
    '{"a":{"k":1},"b":{"k":1}}',
    '[{"k":1},{"k":1}]',
    '{"a":1e400,"b":-1e400,"c":12345678901234567890}',
    'null',
    '""',
    '-0',
    '{}',
  ])('%s', (text) => {
    expect(flawOf(text)).toBeUndefined()
  })
})

test('a megabyte of quotes and backslashes is scanned in one pass', () => {
  const text = JSON.stringify({ a: '\\"'.repeat(250_000), b: ':'.repeat(100_000) })
  expect(flawOf(text)).toBeUndefined()
  expect(flawOf(`{"a":1,${text.slice(1)}`)).toBe('duplicate_key')
})
