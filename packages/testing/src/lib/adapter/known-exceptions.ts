import type { AdapterException } from './contract.ts'

const REFUSED = (names: readonly string[]) => names.map((name) => `raw: ${name} – refused`)
const TAKEN = 'found ["accepted","duplicate"]'

/** What `node:http` in Node accepts although the contract demands a refusal. */
export const NODE_HTTP_EXCEPTIONS: readonly AdapterException[] = [
  {
    cases: REFUSED([
      'version HTTP/2.0',
      'version HTTP/0.9',
      'version RTSP/1.0',
      'no version, with headers',
      'request line with two spaces after the method',
      'request line with two spaces before the version',
    ]),
    instead: TAKEN,
    reason: 'llhttp is lenient with the request line; headers and body are read as usual',
  },
  {
    cases: REFUSED(['two Hosts', 'two identical Hosts']),
    instead: TAKEN,
    reason: 'it keeps the first of several Hosts; the receiver does not use Host',
  },
  {
    cases: REFUSED(['Transfer-Encoding "deflate, chunked"', 'Transfer-Encoding "identity, chunked"']),
    instead: TAKEN,
    reason:
      'it decodes the chunks and leaves the other coding to the application; the signature covers the result',
  },
]
