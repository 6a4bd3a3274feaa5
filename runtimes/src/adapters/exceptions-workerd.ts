import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

const ANSWERED_500 = [
  'OPTIONS *',
  'target with back slashes',
  'target without its slash',
  'target as a question mark alone',
  'target as an asterisk',
  'target as an authority',
  'target in the absolute form of another scheme',
  'target in the absolute form without a host',
  'two Hosts',
  'two Hosts that are the same',
  'Content-Length -1',
  'Content-Length -0',
  'Content-Length with a plus',
  'Content-Length Infinity',
  'Content-Length NaN',
  'Content-Length as hexadecimal',
  'Content-Length with an exponent',
  'Content-Length with a fraction',
  'Content-Length with a letter behind',
  'Content-Length with a space inside',
  'Content-Length with an underscore',
  'Content-Length in quotes',
  'Content-Length with a comma behind',
  'Content-Length as a list of two',
  'Content-Length as a list of two that differ',
  'Content-Length in digits that are not ASCII',
  'Content-Length with a form feed in front',
  'two Content-Lengths that differ',
  'two Content-Lengths, the second zero',
  'two Content-Lengths that are the same',
  'two Content-Lengths, the second no number',
  'Content-Length twice, in capitals',
  'Transfer-Encoding "gzip"',
  'Transfer-Encoding "identity"',
  'Transfer-Encoding "xchunked"',
  'Transfer-Encoding "chunkedx"',
  'Transfer-Encoding "chunked, gzip"',
  'Transfer-Encoding "chunked, identity"',
  'Transfer-Encoding "identity, chunked"',
  'Transfer-Encoding "chunked;q=1"',
  'Transfer-Encoding "\\"chunked\\""',
  'Transfer-Encoding "chun ked"',
  'Transfer-Encoding "chunked\\u000b"',
  'Transfer-Encoding "\\u000bchunked"',
  'Transfer-Encoding "deflate, chunked"',
  'Transfer-Encoding "identity" beside Content-Length',
  'Transfer-Encoding "xchunked" beside Content-Length',
  'Transfer-Encoding "gzip" beside Content-Length',
  'two Transfer-Encodings, chunked and identity',
  'Transfer-Encoding folded',
]

const LAX_LINES = [
  'version HTTP/3.7',
  'version HTTP/2.0',
  'version HTTP/0.9',
  'version HTTP/1',
  'version HTTP/1.',
  'version HTTP/01.1',
  'version HTTP/1,1',
  'version HTTP/1.10',
  'version HTTP/',
  'version http/1.1',
  'version HTTP 1.1',
  'version HTTPS/1.1',
  'version ICAP/1.0',
  'version RTSP/1.0',
  'version HTTP/-1.1',
  'version HTTP/1.1 x',
  'version HTTP/١.1',
  'request line with tabs between its parts',
  'request line with two spaces after the method',
  'request line with two spaces before the version',
  'request line with a space in the target',
]

const LAX_HEADERS = [
  'a header with a name outside ASCII',
  'a header with a space before the colon',
  'a header with a tab before the colon',
  'a line folded below another header',
  'a line folded with a tab',
  'a line folded below the request line',
  'a folded empty line',
  'LF alone after every line',
  'LF alone after one header',
  'CR alone after one header',
  'LF alone before the body',
  'CR alone at the end of a header',
  '20 kB in 20 headers',
  'a header of 20 kB',
  'a header of 100 kB',
  '5 000 headers',
  'a name of 20 kB',
  'webhook-id with a space before its colon',
  'webhook-timestamp with a space before its colon',
  'webhook-signature with a space before its colon',
  'webhook-signature folded',
]

const LAX_BODIES = [
  'Transfer-Encoding "chunked, chunked"',
  'Transfer-Encoding "" beside Content-Length',
  'a body in chunks beside its Content-Length',
  'a body in chunks beside a Content-Length of the whole',
  'Transfer-Encoding with a space before its colon',
  'two Transfer-Encodings, both chunked',
  'Transfer-Encoding in HTTP/1.0',
  'chunks ended by LF alone, and no more to come',
  'chunks whose size is ended by LF alone',
  'chunks ended by LF alone',
  'chunks whose size is ended by LF alone, and no more to come',
  'chunks whose data is ended by LF alone, and no more to come',
  'chunks whose data is ended by LF alone',
  'chunks whose data is ended by nothing, and no more to come',
  'chunks whose last one is not ended',
  'chunks whose last one is not ended, and no more to come',
  'chunks whose data is ended by nothing',
  'a trailer with NUL',
  'a trailer without a colon',
  'a trailer of 100 kB',
  'a Content-Length in a trailer',
]

// Control characters, without those HTTP is written with, and NUL, which is refused.
const CONTROLS = Array.from({ length: 32 }, (_, code) => code).filter(
  (code) => ![0, 9, 10, 13].includes(code),
)
const bytes = (codes: readonly number[], where: string) =>
  codes.map((code) => `byte 0x${code.toString(16).padStart(2, '0').toUpperCase()} in ${where}`)

/** The server in workerd is there to develop with; on the internet, Cloudflare's own stands in front of it. */
export const WORKERD: readonly AdapterException[] = [
  {
    cases: [
      ...raw('refused', ANSWERED_500),
      ...raw('accepted', ['target in the absolute form', 'spaces and tabs around the values']),
    ],
    instead: 'found ["answered 500","accepted"]',
    reason: 'workerd itself answers 500 where it cannot make a Request; the worker is not called',
  },
  {
    cases: raw('refused', LAX_LINES),
    instead: 'found ["accepted","duplicate"]',
    reason:
      'workerd reads the target up to white space and nothing behind it; the delivery is signed all the same',
  },
  {
    cases: raw('refused', bytes(CONTROLS, 'the target')),
    instead: 'found ["accepted","duplicate"]',
    reason: 'a URL has no control characters at its end; workerd takes them off',
  },
  {
    cases: raw('refused', [...LAX_HEADERS, ...bytes([...CONTROLS, 0x7f], "a header's value")]),
    instead: 'found ["accepted","duplicate"]',
    reason:
      'workerd takes folded lines, lone line ends, control characters and any size; what is signed has to fit',
  },
  {
    cases: raw('refused', LAX_BODIES),
    instead: 'found ["accepted","duplicate"]',
    reason:
      'workerd believes Transfer-Encoding and reads chunks generously; the signature covers what it reads',
  },
  {
    cases: raw('accepted', [
      'an empty line in front of the request',
      'a chunk extension',
      'a chunk extension without a value',
      'a chunk extension in quotes',
    ]),
    instead: 'found ["refused","accepted"]',
    reason: 'workerd knows no chunk extensions, and no empty line in front of a request',
  },
  {
    cases: ['a sender that waits to be told to continue is told so'],
    instead: 'expected "100", found "408"',
    reason: 'workerd never says 100; RFC 9110 has senders stop waiting after a while',
  },
]
