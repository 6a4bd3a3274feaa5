import {
  accepted,
  byteName,
  CONTROLS,
  hostOf,
  instead,
  join,
  minus,
  plus,
  type RawCase,
  refused,
} from './raw-case.ts'

const OURS = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

/** Headers: names, values, line ends, counts and sizes. */
export const HEADERS: readonly RawCase[] = [
  ...hosts(),
  ...names(),
  ...lineEnds(),
  ...sizes(),
  ...OURS.flatMap(ours),
  ...CONTROLS.map((code) =>
    refused(`byte ${byteName(code)} in a header's value`, (parts) =>
      plus(parts, `x-a: b${String.fromCharCode(code)}c`),
    ),
  ),
  ...CONTROLS.map((code) =>
    refused(`byte ${byteName(code)} in a header's name`, (parts) =>
      plus(parts, `x${String.fromCharCode(code)}a: b`),
    ),
  ),
  accepted('bytes above 0x7F in an unrelated header', (parts) => plus(parts, 'x-a: caf\u00e9 \u00ff')),
  accepted('a tab in an unrelated header', (parts) => plus(parts, 'x-a: b\tc')),
  accepted('an empty unrelated header', (parts) => plus(parts, 'x-a:')),
  accepted('a repeated unrelated header', (parts) => plus(parts, 'x-a: b', 'x-a: c')),
  accepted('headers named after inherited properties', (parts) =>
    plus(parts, '__proto__: a', 'constructor: b', 'toString: c', 'hasOwnProperty: d', '__proto__: e'),
  ),
  accepted('header names in upper case', ({ headers }) => ({
    headers: headers.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase())),
  })),
  accepted('spaces and tabs around the values', ({ headers }) => ({
    headers: headers.map((line) => `${line.replace(': ', ':\t  ')} \t`),
  })),
  accepted('no space after the colons', ({ headers }) => ({
    headers: headers.map((line) => line.replace(': ', ':')),
  })),
  accepted('every character a name may have', (parts) => plus(parts, "!#$%&'*+-.^_`|~09azAZ: b")),
  accepted('an unexpected upgrade', (parts) => plus(parts, 'connection: upgrade', 'upgrade: h2c')),
  accepted('ninety headers', (parts) => plus(parts, ...many(80, 'b'))),
  accepted('a query, a cookie and an authorisation header', (parts) =>
    plus(
      parts,
      'cookie: a=b; c',
      'authorization: Bearer x',
      'x-forwarded-for: 10.0.0.1',
      'x-http-method-override: GET',
    ),
  ),
]

function hosts(): RawCase[] {
  return [
    refused('no Host', (parts) => minus(parts, 'host')),
    refused('two Hosts', (parts) => plus(parts, 'host: example.com')),
    refused('two identical Hosts', (parts) => plus(parts, `host: ${hostOf(parts)}`)),
  ]
}

function names(): RawCase[] {
  const lines = {
    'a space before the colon': 'x-a : b',
    'a tab before the colon': 'x-a\t: b',
    'a space in its name': 'x a: b',
    'no name': ': b',
    'no colon': 'x-a',
    'a name in quotes': '"x-a": b',
    'a name with brackets': 'x[a]: b',
    'a name outside ASCII': 'x-\u00e9: b',
    'a name with a slash': 'x/a: b',
    'a name with a comma': 'x,a: b',
  }
  return [
    ...Object.entries(lines).map(([what, line]) =>
      refused(`a header with ${what}`, (parts) => plus(parts, line)),
    ),
    refused('a folded line after another header', (parts) => plus(parts, 'x-a: b', ' c')),
    refused('a line folded with a tab', (parts) => plus(parts, 'x-a: b', '\tc')),
    refused('a folded line after the request line', ({ headers }) => ({ headers: [' x-a: b', ...headers] })),
    refused('a folded empty line', (parts) => plus(parts, 'x-a: b', ' ')),
  ]
}

function lineEnds(): RawCase[] {
  return [
    refused('bare LF after every line', (parts) => join(parts, '\n')),
    refused('bare CR after every line', (parts) => join(parts, '\r'), 'finish'),
    refused('LF CR after every line', (parts) => join(parts, '\n\r'), 'finish'),
    refused('CR CR LF after every line', (parts) => join(parts, '\r\r\n'), 'finish'),
    refused('bare LF after one header', (parts) => plus(parts, 'x-a: b\nx-c: d')),
    refused('bare CR after one header', (parts) => plus(parts, 'x-a: b\rx-c: d')),
    refused('bare LF before the body', (parts) => join(parts).replace('\r\n\r\n', '\r\n\n')),
    refused('bare CR at the end of a header', (parts) => plus(parts, 'x-a: b\r')),
  ]
}

function sizes(): RawCase[] {
  const large = (length: number) => `x-a: ${'b'.repeat(length)}`
  return [
    refused('a header of 20 kB', (parts) => plus(parts, large(20_000))),
    refused('a header of 100 kB', (parts) => plus(parts, large(100_000))),
    refused('a header of 1 MB', (parts) => plus(parts, large(1_000_000))),
    refused('20 kB in 20 headers', (parts) => plus(parts, ...many(20, 'b'.repeat(1_000)))),
    refused('5,000 headers', (parts) => plus(parts, ...many(5_000, 'b'))),
    refused('a name of 20 kB', (parts) => plus(parts, `${'x'.repeat(20_000)}: b`)),
    refused('a webhook-id of 20 kB', (parts) =>
      instead(parts, 'webhook-id', (line) => line + 'x'.repeat(20_000)),
    ),
    accepted('a header of 4 kB', (parts) => plus(parts, large(4_000))),
  ]
}

function many(count: number, value: string): string[] {
  return Array.from({ length: count }, (_, index) => `x-${index}: ${value}`)
}

/** What can be wrong with each header of a delivery. */
function ours(name: string): RawCase[] {
  const changes: Record<string, (line: string) => string> = {
    empty: () => `${name}:`,
    'of spaces': () => `${name}:    `,
    'with a trailing comma': (line) => `${line},`,
    'after a comma': (line) => line.replace(': ', ': ,'),
    'with a trailing NUL': (line) => `${line}\0`,
    'with a Latin-1 byte': (line) => `${line}\u00e9`,
    'with a trailing no-break space': (line) => `${line}\u00a0`,
    'in quotes': (line) => `${line.replace(': ', ': "')}"`,
    'sent twice': (line) => `${line}\r\n${line}`,
    'sent twice, once in upper case': (line) => `${line}\r\n${line.replace(name, name.toUpperCase())}`,
    'sent twice, once empty': (line) => `${line}\r\n${name}:`,
    folded: (line) => line.replace(': ', ':\r\n '),
    'with an underscore': (line) => line.replace('-', '_'),
    'with a space before its colon': (line) => line.replace(':', ' :'),
    'after a space': (line) => ` ${line}`,
    'ended by bare LF and another': (line) => `${line}\n${line}`,
  }
  return Object.entries(changes).map(([what, change]) =>
    refused(`${name} ${what}`, (parts) => instead(parts, name, change)),
  )
}
