import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { listNames, readVariable, setVariable } from '../src/lib/project/env-text.ts'

test.each([
  ['a plain line', 'A=1\nS=old\nB=2\n', 'A=1\nS=new\nB=2\n'],
  ['an empty value', 'S=\nB=2\n', 'S=new\nB=2\n'],
  ['a space instead of a value', 'S= \nB=2\n', 'S=new\nB=2\n'],
  ['no line of its own', 'A=1', 'A=1\nS=new\n'],
  ['an empty file', '', 'S=new\n'],
  ['quotes', 'S="old"\nB=2', 'S=new\nB=2'],
  ['a comment behind', 'S=old # mine\nB=2\n', 'S=new # mine\nB=2\n'],
  ['a comment behind quotes', `S='o#d'  # mine\n`, 'S=new  # mine\n'],
  ['a # that may belong to the value', 'S=old#er\n', 'S=new\n'],
  ['indentation and spaces', '  S = old\n', '  S =new\n'],
  ['export', 'export S="old" # note\nB=2\n', 'export S=new # note\nB=2\n'],
  ['line ends of Windows', 'A=1\r\nS=old\r\nB=2\r\n', 'A=1\r\nS=new\r\nB=2\r\n'],
  ['line ends of Windows, at the end', 'A=1\r\n', 'A=1\r\nS=new\r\n'],
  ['a byte order mark', '\ufeffS=old\nB=2\n', 'S=new\nB=2\n'],
  ['several assignments', 'S=1\nB=2\nS=3\nC=4\nS=old\n', 'B=2\nC=4\nS=new\n'],
  ['a value with several lines', 'S="one\ntwo"\nB=2\n', 'S=new\nB=2\n'],
  ['the name inside another value', 'B="x\nS=1\ny"\nS=old\n', 'B="x\nS=1\ny"\nS=new\n'],
  ['the name inside another value alone', 'B="x\nS=1\ny"\n', 'B="x\nS=1\ny"\nS=new\n'],
  ['the name in a comment', '# S=1\n', '# S=1\nS=new\n'],
  ['names that begin or end alike', 'XS=1\nSX=2\nS=old\n', 'XS=1\nSX=2\nS=new\n'],
])('a variable is set in a file with %s', (_, text, expected) => {
  expect(setVariable(text, 'S', 'new')).toBe(expected)
  expect(readVariable(expected, 'S')).toBe('new')
})

test('what would change another variable is refused', () => {
  // The quotation mark of S would be the end of the one that B leaves open.
  for (const text of ['B="open\nS=1\n', 'B="open\n']) {
    expect(setVariable(text, 'S', 'a b"')).toBeUndefined()
  }
  for (const value of ['two\nlines', 'escape \u001b[2J', 'bidi \u202e', 'nul \0']) {
    expect(setVariable('B=1\n', 'S', value)).toBeUndefined()
  }
  for (const value of ["it's", 'a b', '']) {
    const changed = setVariable('B=1\n', 'S', value)
    if (changed !== undefined) expect(parseEnv(changed)).toEqual({ B: '1', S: value })
  }
})

test('whatever the file is like, the other variables stay as they were', () => {
  const parts = [
    'A=1',
    'S=2',
    'B="',
    '"',
    "'",
    '`',
    '#',
    ' ',
    '\n',
    '\r\n',
    '\r',
    '=',
    'export ',
    '\ufeff',
    '\\',
  ]
  let seed = 7
  const next = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  let changes = 0
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: next(9) }, () => parts[next(parts.length)]).join('')
    const changed = setVariable(text, 'S', 'new')
    if (changed === undefined) continue
    changes++
    const { S, ...others } = parseEnv(changed)
    expect(S, JSON.stringify(text)).toBe('new')
    for (const [name, value] of Object.entries(others)) {
      const before = parseEnv(text.replace(/^\ufeff/, ''))
      if (name in before && before.S === undefined) expect(value, JSON.stringify(text)).toBe(before[name])
    }
  }
  expect(changes).toBeGreaterThan(15_000)
})

test('names are listed as they are assigned', () => {
  expect(listNames('\ufeffA=1\r\n  export B = "x\nC=1"\n#D=1\n=x\nE\n')).toEqual(['A', 'B'])
})

test.each([
  ['S="a # b" # c', 'a # b'],
  ['\ufeffS=a', 'a'],
  ['S=1\nS=2', '2'],
  ['S=\nB=2', undefined],
  ['S= \nB=2', undefined],
  ["S=''", undefined],
  ['B="\nS=1\n"', undefined],
])('%j is read as %j', (text, value) => {
  expect(readVariable(text, 'S')).toBe(value)
})
