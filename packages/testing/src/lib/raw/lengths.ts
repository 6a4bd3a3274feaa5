import { accepted, instead, minus, plus, type RawCase, type RawParts, refused } from './raw-case.ts'

const WRONG_CODINGS = [
  'gzip',
  'identity',
  'xchunked',
  'chunkedx',
  'chunked, gzip',
  'chunked, identity',
  'identity, chunked',
  'chunked, chunked',
  'chunked;q=1',
  '"chunked"',
  'chun ked',
  'chunked\0',
  'chunked\x0b',
  '\x0bchunked',
  'deflate, chunked',
  '',
]

/** Body lengths that are wrong or contradict each other: the ways to hide one request in another. */
export const LENGTHS: readonly RawCase[] = [
  ...values(),
  ...pairs(),
  ...codings(),
  refused('no Content-Length and no chunks, but a body', (parts) => minus(parts, 'content-length')),
  refused('a Content-Length one byte short', (parts) => ofLength(parts, (length) => String(length - 1))),
  refused('a Content-Length one byte long', (parts) => ofLength(parts, (length) => String(length + 1))),
  refused('a Content-Length of zero, but a body', (parts) => ofLength(parts, () => '0')),
  refused(
    'a Content-Length one byte long, then the end of the stream',
    (parts) => ofLength(parts, (length) => String(length + 1)),
    'finish',
  ),
  refused('another request hidden behind a short Content-Length', (parts) => ({
    ...instead(parts, 'content-length', () => 'content-length: 2'),
    body: `{}GET / HTTP/1.1\r\nhost: x\r\n\r\n`,
  })),
  accepted('Content-Length with leading zeros', (parts) => ofLength(parts, (length) => `000${length}`)),
  accepted('Content-Encoding identity', (parts) => plus(parts, 'content-encoding: identity')),
  accepted('TE, which asks for trailers', (parts) => plus(parts, 'te: trailers')),
]

function values(): RawCase[] {
  const wrong: Record<string, (length: number) => string> = {
    '-1': () => '-1',
    '-0': () => '-0',
    'with a plus': (length) => `+${length}`,
    NaN: () => 'NaN',
    Infinity: () => 'Infinity',
    empty: () => '',
    'as hexadecimal': (length) => `0x${length.toString(16)}`,
    'with an exponent': () => '1e2',
    'with a fraction': (length) => `${length}.0`,
    'with a trailing letter': (length) => `${length}a`,
    'with a space inside': (length) => `${String(length)[0]} ${String(length).slice(1)}`,
    'with an underscore': (length) => `${String(length)[0]}_${String(length).slice(1)}`,
    'in quotes': (length) => `"${length}"`,
    'with a trailing comma': (length) => `${length},`,
    'as a list of two': (length) => `${length}, ${length}`,
    'as a list of two that differ': (length) => `${length}, 0`,
    'of 2^31': () => '2147483648',
    'of 2^32 plus its length': (length) => String(2 ** 32 + length),
    'of 2^53': () => '9007199254740993',
    'of 2^64 plus its length': (length) => String(2n ** 64n + BigInt(length)),
    'of 40 digits': () => '9'.repeat(40),
    'in digits that are not ASCII': (length) =>
      [...String(length)].map((digit) => `\u00d9${String.fromCharCode(0xa0 + Number(digit))}`).join(''),
    'with a trailing NUL': (length) => `${length}\0`,
    'with a leading form feed': (length) => `\f${length}`,
  }
  return Object.entries(wrong).map(([what, change]) =>
    refused(`Content-Length ${what}`, (parts) => ofLength(parts, change)),
  )
}

function pairs(): RawCase[] {
  const second: Record<string, (length: number) => string> = {
    'two Content-Lengths that differ': (length) => `content-length: ${length - 1}`,
    'two Content-Lengths, the second zero': () => 'content-length: 0',
    'two identical Content-Lengths': (length) => `content-length: ${length}`,
    'two Content-Lengths, the second not a number': () => 'content-length: x',
    'Content-Length twice, once in upper case': (length) => `CONTENT-LENGTH: ${length + 7}`,
  }
  return Object.entries(second).map(([what, line]) =>
    refused(what, (parts) => plus(parts, line(parts.body.length))),
  )
}

/** Transfer codings, with and without a length beside them; the body is chunked wherever that is claimed. */
function codings(): RawCase[] {
  const named = (coding: string) => JSON.stringify(coding)
  const lone = ({ headers, body }: RawParts, ...lines: string[]) => ({
    headers: [...minus({ line: '', headers, body }, 'content-length').headers, ...lines],
    body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  })
  return [
    ...WRONG_CODINGS.map((coding) =>
      refused(`Transfer-Encoding ${named(coding)}`, (parts) => lone(parts, `transfer-encoding: ${coding}`)),
    ),
    ...['chunked', 'identity', 'xchunked', 'gzip', ''].map((coding) =>
      refused(`Transfer-Encoding ${named(coding)} with a Content-Length`, (parts) =>
        plus(parts, `transfer-encoding: ${coding}`),
      ),
    ),
    refused('a chunked body with a Content-Length', (parts) => ({
      body: lone(parts).body,
      ...plus(parts, 'transfer-encoding: chunked'),
    })),
    refused('a chunked body with the Content-Length of all its chunks', (parts) => {
      const { body } = lone(parts)
      const { headers } = minus(parts, 'content-length')
      return { body, headers: [...headers, `content-length: ${body.length}`, 'transfer-encoding: chunked'] }
    }),
    refused('two Transfer-Encodings, chunked and identity', (parts) =>
      lone(parts, 'transfer-encoding: chunked', 'transfer-encoding: identity'),
    ),
    refused('two Transfer-Encodings, both chunked', (parts) =>
      lone(parts, 'transfer-encoding: chunked', 'transfer-encoding: chunked'),
    ),
    refused('Transfer-Encoding with a space before its colon', (parts) =>
      lone(parts, 'transfer-encoding : chunked'),
    ),
    refused('Transfer-Encoding folded', (parts) => lone(parts, 'transfer-encoding:\r\n chunked')),
    refused('Transfer-Encoding with an underscore', (parts) => lone(parts, 'transfer_encoding: chunked')),
    refused('Transfer-Encoding in HTTP/1.0', (parts) => ({
      ...lone(parts, 'transfer-encoding: chunked', 'content-length: 5'),
      line: parts.line.replace('HTTP/1.1', 'HTTP/1.0'),
    })),
    refused('unannounced chunks', (parts) => lone(parts)),
    accepted('Transfer-Encoding chunked', (parts) => lone(parts, 'transfer-encoding: chunked')),
    accepted('Transfer-Encoding in capitals', (parts) => lone(parts, 'TRANSFER-ENCODING: CHUNKED')),
  ]
}

function ofLength(parts: RawParts, change: (length: number) => string): Partial<RawParts> {
  return instead(parts, 'content-length', () => `content-length: ${change(parts.body.length)}`)
}
