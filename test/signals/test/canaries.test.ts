import { expect, test } from 'vitest'
import { CANARIES, findCanaries } from '../src/canaries.ts'

const text = `text before ${CANARIES.payload} and after`
const bytes = (prefix: string) => new TextEncoder().encode(prefix + text)
const hidden = Object.defineProperty(new Error('x'), 'secret', { value: text, enumerable: false })

const PLACES: Record<string, unknown> = {
  'a message': new Error(text),
  'the arguments of a command': Object.assign(new Error('x'), {
    command: { name: 'set', args: ['a', text] },
  }),
  'the cause of a cause': new Error('x', { cause: new Error('y', { cause: { body: text } }) }),
  'a hidden property': hidden,
  'a map below many objects': { a: { b: { c: { d: { e: new Map([['key', [text]]]) } } } } },
  'the end of a long list': [...Array.from({ length: 500 }, () => 0), text],
  bytes: bytes(''),
  'a buffer': Buffer.from(bytes('x'.repeat(200))),
  base64: Buffer.from(bytes('')).toString('base64'),
  'base64, one byte on': Buffer.from(bytes('x')).toString('base64'),
  'base64, two bytes on': Buffer.from(bytes('xy')).toString('base64'),
  'hexadecimal digits': Buffer.from(bytes('')).toString('hex'),
}

test.each(Object.entries(PLACES))('a canary is found in %s', (_, value) => {
  expect(findCanaries(value)).toEqual(['payload'])
})

test('no canary is found where there is none', () => {
  expect(findCanaries(new Error('x', { cause: { code: 'ECONNREFUSED' } }))).toEqual([])
})
