import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

/** A Cloud Run function is the only thing at its address. */
export const CLOUD_RUN_APP: readonly AdapterException[] = [
  {
    cases: ['another path is not found'],
    instead: 'expected "404", found "200"',
    reason: 'the function answers on every path; the signature decides, not the path',
  },
  {
    cases: ['after another path the connection accepts a good delivery or is closed'],
    instead: 'the answer is 200',
    reason: 'the function answers on every path',
  },
  {
    cases: raw('refused', [
      'target with an extra leading slash',
      'target with a trailing slash',
      'target in upper case',
      'target below itself',
      'target with an extra letter',
      'target after /./',
      'target after /%2e/',
      'target after a parent segment',
      'target after an encoded parent segment',
      'target after parent segments above the root',
      'target with an encoded letter',
      'target with an encoded slash',
      'target with a trailing %00',
      'target with a semicolon parameter',
      'target with a fragment',
      'target in the absolute form of another scheme',
      'target in the absolute form without a host',
    ]),
    instead: 'found ["accepted","duplicate"]',
    reason: 'the function answers on every path',
  },
]

const CLOSED = 'found ["refused","duplicate"]'

/** Bun while an answer waits for the disk; with a queue in memory the answer is ready before Bun reads on. */
export const BUN_APP: readonly AdapterException[] = [
  {
    cases: [
      'pipelined deliveries are answered in their order',
      'a delivery pipelined behind a refused one is accepted, or its connection is closed',
    ],
    instead: 'no answer: the connection is closed',
    reason: 'Bun closes a connection that receives a request before the last one is answered; senders wait',
  },
  {
    cases: [
      ...raw('refused', [
        'a trailer with NUL',
        'a trailer without a colon',
        'a trailer of 100 kB',
        'a Content-Length in a trailer',
      ]),
      ...raw('accepted', ['an unrelated trailer', 'another signature in a trailer']),
    ],
    instead: CLOSED,
    reason:
      'Bun passes a body on at its last chunk and then reads trailers as another request: the delivery is kept, its answer lost, and its retry a duplicate',
  },
]
