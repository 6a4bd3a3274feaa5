import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { quote, toCurl, toTriggerCommand } from '../page/text/commands.ts'
import { diffLines, pairFields } from '../page/text/diff.ts'
import {
  encodePart,
  formatDuration,
  formatTime,
  showUnseen,
  toHexDump,
  toPrettyJson,
} from '../page/text/format.ts'

test.each([
  ['words', 'a b'],
  ['quotes', `it's "quoted"`],
  ['commands', '$(touch x) `x` $HOME !! ; | & > <'],
  ['backslashes', 'a\\nb\\'],
  ['control characters', "tab\t bell\u0007 escape\u001b[31m line\n it's"],
  ['other scripts', 'مرحبا 日本 👩‍👩‍👧'],
  ['nothing', ''],
  ['an option', '-rf'],
])('a shell reads quoted %s as they are', (_, text) => {
  const printed = execFileSync('bash', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' })
  expect(printed).toBe(text)
})

test('pasted commands contain no control character, on which a terminal would act', () => {
  const text = 'a\u001b]0;title\u0007\r\u0085b'
  expect(quote(text)).not.toMatch(/\p{Cc}/u)
})

test('a curl command sends the request: headers, body and URL, read by no file and expanded by nothing', () => {
  const request = {
    uri: 'http://127.0.0.1:3000/a?[1-3]{x}',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: '@/etc/passwd',
  }
  expect(toCurl(request)).toBe(
    "curl --globoff 'http://127.0.0.1:3000/a?[1-3]{x}' \\\n  -H 'content-type: application/json' \\\n  --data-raw '@/etc/passwd'",
  )
})

test('a trigger command has the data, the metadata and the target', () => {
  const event = {
    type: 'batch.failed',
    data: { id: "it's" },
    metadata: { a: 'b c', n: 7 },
    uri: 'http://h/x',
  }
  expect(toTriggerCommand(event)).toBe(
    `gwh trigger batch.failed --data '{"id":"it'\\''s"}' --metadata 'a=b c' n=7 --to http://h/x`,
  )
})

test.each([
  [5, '5 ms'],
  [1500, '1.5 s'],
  [42_000, '42 s'],
  [90_000, '1 min 30 s'],
  [3_600_000, '1 h'],
  [90_000_000, '1 d 1 h'],
])('%i ms are written as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('a time of another day has its date, and one that is no time says nothing', () => {
  const noon = new Date(2026, 10, 21, 12, 0, 5).getTime()
  expect(formatTime(noon, noon)).toBe('12:00:05')
  expect(formatTime(noon, noon + 86_400_000)).toBe('2026-11-21 12:00:05')
  expect(formatTime(Number.NaN)).toBe('–')
})

test('bytes are dumped with their offset, and long ones cut', () => {
  expect(toHexDump('{"a":"é\n"}0123456')).toBe(
    [
      '0000  7b 22 61 22 3a 22 c3 a9 0a 22 7d 30 31 32 33 34  {"a":"..."}01234',
      '0010  35 36                                            56',
    ].join('\n'),
  )
  expect(toHexDump('x'.repeat(10_000)).split('\n').at(-1)).toBe('… 10000 bytes in all')
})

test('invisible characters are spelled out, others left', () => {
  expect(showUnseen('a\u202eb\u0000\u2028c\u{e0041}')).toBe('a\\u{202e}b\\u{0}\\u{2028}c\\u{e0041}')
  expect(showUnseen('tab\tand line\n日本 é')).toBe('tab\tand line\n日本 é')
})

test('what is no JSON stays as it is, and half a character can be a part of a path', () => {
  expect(toPrettyJson('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(toPrettyJson('{"a":')).toBe('{"a":')
  expect(encodePart('a/\ud83d')).toBe('a%2F%EF%BF%BD')
})

test('a difference keeps three lines around what differs, and counts the others', () => {
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`)
  const changed = lines.with(5, 'another').join('\n')
  expect(diffLines(lines.join('\n'), changed)?.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'folded 2',
    ...['same line 2', 'same line 3', 'same line 4', 'left line 5', 'right another'],
    ...['same line 6', 'same line 7', 'same line 8', 'folded 3'],
  ])
})

test('of any two texts, the left lines are the one, the right lines the other', () => {
  for (const [left, right] of [
    ['a\nb\nc\na\nb\nb\na', 'c\nb\na\nb\na\nc'],
    ['', 'x'],
    ['x\ny', ''],
    ['a\nx\nb', 'a\nb'],
    ['same', 'same'],
  ] as const) {
    const lines = diffLines(left, right)!.filter(({ kind }) => kind !== 'folded')
    const of = (side: 'left' | 'right') =>
      lines.filter(({ kind }) => kind === side || kind === 'same').map(({ text }) => text)
    if (left !== right) expect([of('left').join('\n'), of('right').join('\n')]).toEqual([left, right])
  }
  const long = 'x\n'.repeat(3000)
  expect(diffLines(`${long}y`, `z\n${long.replaceAll('x', 'w')}`)).toBeUndefined()
})

test('fields are put side by side, whatever their names are', () => {
  const left = { a: '1', b: '2' }
  const right = JSON.parse('{"b":"2","__proto__":"3","constructor":"4"}')
  expect(pairFields(left, right)).toEqual([
    { name: 'a', left: '1', right: undefined },
    { name: 'b', left: '2', right: '2' },
    { name: '__proto__', left: undefined, right: '3' },
    { name: 'constructor', left: undefined, right: '4' },
  ])
})
