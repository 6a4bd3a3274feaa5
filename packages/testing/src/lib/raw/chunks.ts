import { accepted, instead, minus, plus, type RawCase, type RawParts, refused } from './raw-case.ts'

/** Chunked bodies: sizes, extensions, ends and trailers. */
export const CHUNKS: readonly RawCase[] = [
  ...sizes(),
  ...ends(),
  ...trailers(),
  chunks('a chunk extension', accepted, (body) => `${hex(body)};name=value\r\n${body}\r\n0\r\n\r\n`),
  chunks(
    'a chunk extension without a value',
    accepted,
    (body) => `${hex(body)};name\r\n${body}\r\n0\r\n\r\n`,
  ),
  chunks(
    'a chunk extension in quotes',
    accepted,
    (body) => `${hex(body)};name="a;b"\r\n${body}\r\n0\r\n\r\n`,
  ),
  chunks('a chunk size with leading zeros', accepted, (body) => `000${hex(body)}\r\n${body}\r\n0\r\n\r\n`),
  chunks(
    'a chunk size in upper case',
    accepted,
    (body) => `${hex(body).toUpperCase()}\r\n${body}\r\n0\r\n\r\n`,
  ),
  chunks('a last chunk of many zeros', accepted, (body) => `${hex(body)}\r\n${body}\r\n000\r\n\r\n`),
  chunks('two chunks', accepted, (body) => {
    const [one, two] = [body.slice(0, 7), body.slice(7)]
    return `${hex(one)}\r\n${one}\r\n${hex(two)}\r\n${two}\r\n0\r\n\r\n`
  }),
  chunks(
    'a chunk extension of 100 kB',
    refused,
    (body) => `${hex(body)};${'x'.repeat(100_000)}\r\n${body}\r\n0\r\n\r\n`,
  ),
  chunks('a chunk extension with a CR', refused, (body) => `${hex(body)};a\rb\r\n${body}\r\n0\r\n\r\n`),
  chunks('a chunk extension ended by bare LF', refused, (body) => `${hex(body)};a\n${body}\r\n0\r\n\r\n`),
]

function sizes(): RawCase[] {
  const wrong: Record<string, (body: string) => string> = {
    negative: (body) => `-${hex(body)}`,
    'with a plus': (body) => `+${hex(body)}`,
    'with 0x': (body) => `0x${hex(body)}`,
    'with a leading space': (body) => ` ${hex(body)}`,
    'with a letter that is not a digit': (body) => `${hex(body)}g`,
    empty: () => '',
    'in quotes': (body) => `"${hex(body)}"`,
    'of 2^64 plus its length': (body) => (2n ** 64n + BigInt(body.length)).toString(16),
    'of 2^32 plus its length': (body) => (2 ** 32 + body.length).toString(16),
    'of 40 digits': () => 'f'.repeat(40),
    'with a trailing NUL': (body) => `${hex(body)}\0`,
    'with an underscore': (body) => `${hex(body)[0]}_${hex(body).slice(1)}`,
    'one byte short': (body) => (body.length - 1).toString(16),
    'one byte long': (body) => (body.length + 1).toString(16),
    'with a comma': (body) => `${hex(body)},0`,
    'with a fraction': (body) => `${hex(body)}.0`,
  }
  return Object.entries(wrong).map(([what, size]) =>
    chunks(`a chunk size ${what}`, refused, (body) => `${size(body)}\r\n${body}\r\n0\r\n\r\n`),
  )
}

function ends(): RawCase[] {
  const wrong: Record<string, (body: string) => string> = {
    'ended by bare LF': (body) => `${hex(body)}\n${body}\n0\n\n`,
    'whose size is ended by bare LF': (body) => `${hex(body)}\n${body}\r\n0\r\n\r\n`,
    'whose data is ended by bare LF': (body) => `${hex(body)}\r\n${body}\n0\r\n\r\n`,
    'whose size is ended by bare CR': (body) => `${hex(body)}\r${body}\r\n0\r\n\r\n`,
    'whose data has no line end': (body) => `${hex(body)}\r\n${body}0\r\n\r\n`,
    'whose data ends in two other bytes': (body) => `${hex(body)}\r\n${body}xx0\r\n\r\n`,
    'without a last chunk': (body) => `${hex(body)}\r\n${body}\r\n`,
    'whose last chunk is not terminated': (body) => `${hex(body)}\r\n${body}\r\n0\r\n`,
    'that stop within a size': () => '1',
    'that stop within data': (body) => `${hex(body)}\r\n${body.slice(0, 9)}`,
    'that are not chunks': (body) => body,
  }
  return Object.entries(wrong).flatMap(([what, body]) => [
    chunks(`chunks ${what}`, refused, body),
    chunks(`chunks ${what}, then the end of the stream`, refused, body, 'finish'),
  ])
}

/** What comes after the body was not there when the headers were checked, so it must not count. */
function trailers(): RawCase[] {
  const withTrailer = (body: string, ...lines: string[]) =>
    [`${hex(body)}\r\n${body}\r\n0`, ...lines, '', ''].join('\r\n')
  const late = (name: string) =>
    refused(`${name} in a trailer instead of a header`, (parts) => {
      const line = parts.headers.find((header) => header.startsWith(`${name}:`))!
      const { headers } = minus(parts, name, 'content-length')
      return {
        headers: [...headers, 'transfer-encoding: chunked', `trailer: ${name}`],
        body: withTrailer(parts.body, line),
      }
    })
  return [
    late('webhook-id'),
    late('webhook-timestamp'),
    late('webhook-signature'),
    refused('a good signature in a trailer, a bad one in a header', (parts) => {
      const good = parts.headers.find((line) => line.startsWith('webhook-signature:'))!
      const bad = instead(parts, 'webhook-signature', () => `webhook-signature: v1,${btoa('n'.repeat(32))}`)
      return { ...toChunked({ ...parts, ...bad }), body: withTrailer(parts.body, good) }
    }),
    chunks('a trailer with NUL', refused, (body) => withTrailer(body, 'x-a: b\0')),
    chunks('a trailer without a colon', refused, (body) => withTrailer(body, 'x-a')),
    chunks('a trailer of 100 kB', refused, (body) => withTrailer(body, `x-a: ${'b'.repeat(100_000)}`)),
    chunks('an unrelated trailer', accepted, (body) => withTrailer(body, 'x-a: b')),
    chunks('another signature in a trailer', accepted, (body) =>
      withTrailer(body, 'webhook-signature: v1,x'),
    ),
    chunks('a Content-Length in a trailer', refused, (body) => withTrailer(body, 'content-length: 3')),
  ]
}

function chunks(
  name: string,
  make: typeof refused | typeof accepted,
  body: (body: string) => string,
  ending?: RawCase['ending'],
): RawCase {
  return make(name, (parts) => ({ ...toChunked(parts), body: body(parts.body) }), ending)
}

function toChunked(parts: RawParts): Partial<RawParts> {
  return plus({ ...parts, ...minus(parts, 'content-length') }, 'transfer-encoding: chunked')
}

function hex(text: string): string {
  return text.length.toString(16)
}
