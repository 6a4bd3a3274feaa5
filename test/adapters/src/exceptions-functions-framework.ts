import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

/** It reads and parses every body before the function is called: what it does not get through, nobody hears of. */
export const FUNCTIONS_FRAMEWORK: readonly AdapterException[] = [
  {
    cases: [
      'a body one byte over the limit is refused by its content-length, unsent',
      'a body that stops after its first byte is given up on',
      'a body that comes a byte at a time is given up on',
      'a sender that expects 100-continue may be refused at once',
    ],
    instead: 'no answer: the connection is silent',
    reason:
      'it waits for the whole body, however long that takes; on Cloud Run the proxy in front gives up on a request',
  },
  {
    cases: ['a body in chunks without end is cut off'],
    instead: 'the answer to an endless body is silent',
    reason: 'it takes bodies of up to 1 GiB into memory; the proxy in front on Cloud Run takes 32 MiB',
  },
  {
    cases: raw('refused', [
      'Content-Length of 2^31',
      'Content-Length of 2^32 and its length',
      'Content-Length of 2^53',
      'a Content-Length one byte long',
      'a chunk size of 2^32 and its length',
      'chunks without a last one',
      'chunks whose last one is not ended',
      'chunks that stop within a size',
      'chunks that stop within data',
      'a body that stops before its end',
    ]),
    instead: 'found ["silent","accepted"]',
    reason:
      'it waits for the rest of a body without end; nothing has reached the receiver, and nothing is kept',
  },
  {
    cases: [
      'a signed body is taken byte for byte: every byte value',
      'a signed body is taken byte for byte: bytes that are not UTF-8',
      'a signed body is taken byte for byte: CR, LF and what looks like the next request',
    ],
    instead: 'expected ["200","{\\"status\\":\\"accepted\\"}"], found ["400"',
    reason: 'it answers 400 to application/json that is no JSON; Gemini sends JSON',
  },
  {
    cases: ['gzip', 'deflate', 'br'].map(
      (coding) => `a body in content-encoding ${coding} is refused unread`,
    ),
    instead: 'found ["400"',
    reason: 'it decodes bodies itself, and refuses one that is not what its header says',
  },
  {
    cases: ['a body in content-encoding gzip, identity is refused unread'],
    instead: 'found ["415","<!DOCTYPE html>',
    reason: 'it refuses two codings itself, in words of its own',
  },
]
