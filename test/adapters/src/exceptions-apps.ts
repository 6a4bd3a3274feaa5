import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

/** A function of Cloud Run is all there is at its address. */
export const CLOUD_RUN_APP: readonly AdapterException[] = [
  {
    cases: ['another path is not found'],
    instead: 'expected "404", found "200"',
    reason: 'the function answers on every path; the signature decides, not the path',
  },
  {
    cases: ['after another path the connection takes a good delivery, or is closed'],
    instead: 'the answer is 200',
    reason: 'the function answers on every path',
  },
  {
    cases: raw('refused', [
      'target with a slash more in front',
      'target with a slash at its end',
      'target in capitals',
      'target below itself',
      'target with a letter more',
      'target after /./',
      'target after /%2e/',
      'target after a segment taken back',
      'target after a segment taken back, encoded',
      'target after more taken back than there is',
      'target with a letter encoded',
      'target with its slash encoded',
      'target with %00 at its end',
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

/** Bun while the answer waits for the disk; with a queue in memory it is there before Bun reads on. */
export const BUN_APP: readonly AdapterException[] = [
  {
    cases: [
      'pipelined deliveries are answered in their order',
      'a delivery pipelined behind a refused one is accepted, or its connection is closed',
    ],
    instead: 'no answer: the connection is closed',
    reason: 'Bun closes a connection on which a request comes before the last one is answered; senders wait',
  },
  {
    cases: [
      ...raw('refused', [
        'a trailer with NUL',
        'a trailer without a colon',
        'a trailer of 100 kB',
        'a Content-Length in a trailer',
      ]),
      ...raw('accepted', ['a trailer of no concern', 'another signature in a trailer']),
    ],
    instead: CLOSED,
    reason:
      'Bun hands a body on at its last chunk and then takes trailers for another request: the delivery is kept, its answer lost, and its retry a duplicate',
  },
]
