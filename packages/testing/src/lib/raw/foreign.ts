import { join, type RawCase, refused } from './raw-case.ts'

/** What is not HTTP at all, or not meant for us. The sender says that it is done: some of it looks unfinished. */
export const FOREIGN: readonly RawCase[] = [
  ...Object.entries(greetings()).map(([what, text]) => refused(what, () => text, 'finish')),
  ...Array.from({ length: 12 }, (_, seed) =>
    refused(`garbage ${seed + 1}`, () => garbage(seed + 1), 'finish'),
  ),
  ...Array.from({ length: 6 }, (_, seed) =>
    refused(
      `garbage ${seed + 1} before a good request`,
      (parts) => `${garbage(seed + 1)}\r\n\r\n${join(parts)}`,
      'finish',
    ),
  ),
  ...['\0', '\xff', '\x16', '{', '\x7f'].map((byte) =>
    refused(`byte ${JSON.stringify(byte)} before a good request`, (parts) => byte + join(parts)),
  ),
  refused(
    'a good request in UTF-16',
    (parts) => [...join(parts)].map((letter) => `${letter}\0`).join(''),
    'finish',
  ),
  refused('a good request after a byte order mark', (parts) => `\xef\xbb\xbf${join(parts)}`),
  refused(
    'a good request after a PROXY protocol header',
    (parts) => `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${join(parts)}`,
  ),
  refused('a good request without its request line', (parts) => join(parts).replace(/^.*?\r\n/, '')),
  refused('a good request without its headers', ({ line, body }) => `${line}\r\n\r\n${body}`),
  refused('a body alone', ({ body }) => body, 'finish'),
  refused(
    'a response',
    ({ headers, body }) => ['HTTP/1.1 200 OK', ...headers, '', body].join('\r\n'),
    'finish',
  ),
]

function greetings(): Record<string, string> {
  const tls = '\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03'
  return {
    'a TLS hello': `${tls}${garbage(99).slice(0, 32)}\x00\x00\x04\x13\x01\x00\xff\x01\x00`,
    'an SSLv2 hello': '\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10',
    'an SSH greeting': 'SSH-2.0-OpenSSH_9.6\r\n',
    'an SMTP greeting': 'EHLO example.com\r\n',
    'a Redis command': '*1\r\n$4\r\nPING\r\n',
    'a PostgreSQL start': '\x00\x00\x00\x08\x04\xd2\x16\x2f',
    'an HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
    'an RDP cookie': '\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00',
    'a SOCKS greeting': '\x05\x01\x00',
    'a memcached command': 'stats\r\n',
    JSON: '{"type":"batch.succeeded","data":{}}',
    'empty lines': '\r\n'.repeat(1_000),
    spaces: ' '.repeat(10_000),
    'a thousand NULs': '\0'.repeat(1_000),
    'an endless line': 'A'.repeat(200_000),
    'endless lines': 'GET /\r\n'.repeat(500),
    colons: ':'.repeat(1_000),
  }
}

/** The same bytes for the same seed, everywhere. */
function garbage(seed: number): string {
  let state = seed * 2_654_435_761
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return String.fromCharCode(state >>> 24)
  }
  return Array.from({ length: 64 << (seed % 5) }, next).join('')
}
