import { parseEvent } from '@gwh/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findJsonFlaw, type JsonFlaw } from '../src/lib/shared/json-guard.ts'

const flawOf = (text: string) => {
  const flaw = findJsonFlaw(text, JSON.parse(text))
  // Long texts are read in another way.
  const long = text + ' '.repeat(4_096)
  expect(findJsonFlaw(long, JSON.parse(long))).toBe(flaw)
  return flaw
}
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

describe('for any JSON text the flaw is that of its members', () => {
  // Few names, so that they repeat, and those that look like structure or like the forbidden one. None has a backslash:
  // after a key of a backslash and a quote, Node 24 parses some other keys with escapes wrongly.
  const names = fc.constantFrom('a', '1', '', '":', ' :', '__proto__', '__proto_', 'é', ':"')
  const space = fc.constantFrom('', '', ' ', '\n', '\t\r ')
  /** A string as a sender may spell it: any character may be escaped. */
  const spell = (text: string) =>
    fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((escaped) => {
      const units = text.split('').map((unit, index) => {
        const code = unit.charCodeAt(0).toString(16).padStart(4, '0')
        return escaped[index] ? `\\u${code}` : JSON.stringify(unit).slice(1, -1)
      })
      return `"${units.join('')}"`
    })

  interface Document {
    text: string
    flaws: JsonFlaw[]
  }
  const scalars = fc
    .oneof(names.chain(spell), fc.constantFrom('0', '-1.5e3', 'true', 'null'))
    .map((text): Document => ({ text, flaws: [] }))
  const members = (value: fc.Arbitrary<Document>) =>
    fc.array(
      fc.tuple(
        names.chain((name) => fc.tuple(fc.constant(name), spell(name))),
        space,
        space,
        value,
      ),
      {
        maxLength: 4,
      },
    )
  const { document } = fc.letrec<{ document: Document; object: Document; list: Document }>((tie) => ({
    document: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalars, tie('object'), tie('list')),
    list: fc.array(tie('document'), { maxLength: 3 }).map((items) => ({
      text: `[${items.map(({ text }) => text).join(' ,')}]`,
      flaws: items.flatMap(({ flaws }) => flaws),
    })),
    object: members(tie('document')).map((all) => {
      const own = all.map(([[name]]) => name)
      return {
        text: `{${all.map(([[, key], before, after, { text }]) => `${before}${key}${after}:${before}${text}${after}`).join(',')}}`,
        flaws: [
          ...(own.includes('__proto__') ? (['forbidden_key'] as const) : []),
          ...(new Set(own).size < own.length ? (['duplicate_key'] as const) : []),
          ...all.flatMap(([, , , { flaws }]) => flaws),
        ],
      }
    }),
  }))

  test('spelled in any way', () => {
    const seen = new Set<JsonFlaw | undefined>()
    fc.assert(
      fc.property(document, ({ text, flaws }) => {
        const flaw = flawOf(text)
        seen.add(flaw)
        // Of a repeated member only the last is kept, so its forbidden keys may be gone. One flaw is enough.
        if (flaws.length === 0) expect(flaw).toBeUndefined()
        else expect(flaws).toContain(flaw)
      }),
      { numRuns: 2_000 },
    )
    expect(seen).toEqual(new Set([undefined, 'duplicate_key', 'forbidden_key']))
  })
})
