import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

/** It reads and parses every body before the function is called; what it refuses never reaches the receiver. */
export const FUNCTIONS_FRAMEWORK: readonly AdapterException[] = [
  {
    cases: [
      'a body one byte over the limit is refused by its content-length, unsent',
      'a body that stops after its first byte times out',
      'a body that arrives a byte at a time times out',
      'a sender that expects 100-continue may be refused at once',
    ],
    instead: 'no answer: the connection is silent',
    reason: 'it waits for the whole body, however long that takes; on Cloud Run the proxy in front times out',
  },
  {
    cases: ['an endless chunked body is cut off'],
    instead: 'the answer to an endless body is silent',
    reason: 'it buffers bodies of up to 1 GiB; on Cloud Run the proxy in front accepts 32 MiB',
  },
  {
    cases: raw('refused', [
      'Content-Length of 2^31',
      'Content-Length of 2^32 plus its length',
      'Content-Length of 2^53',
      'a Content-Length one byte long',
      'a chunk size of 2^32 plus its length',
      'chunks without a last chunk',
      'chunks whose last chunk is not terminated',
      'chunks that stop within a size',
      'chunks that stop within data',
      'a body that stops before its end',
    ]),
    instead: 'found ["silent","accepted"]',
    reason:
      'it waits for the rest of an unfinished body; nothing has reached the receiver, and nothing is kept',
  },
  {
    cases: [
      'a signed body is read byte for byte: every byte value',
      'a signed body is read byte for byte: bytes that are not UTF-8',
      'a signed body is read byte for byte: CR, LF and what looks like the next request',
    ],
    instead: 'expected ["200","{\\"status\\":\\"accepted\\"}"], found ["400"',
    reason: 'it answers 400 to application/json that is not JSON; Gemini sends JSON',
  },
  {
    cases: ['gzip', 'deflate', 'br'].map(
      (coding) => `a body with content-encoding ${coding} is refused unread`,
    ),
    instead: 'found ["400"',
    reason: 'it decodes bodies itself, and refuses a body that does not match its header',
  },
  {
    cases: ['a body with content-encoding gzip, identity is refused unread'],
    instead: 'found ["415","<!DOCTYPE html>',
    reason: 'it refuses two codings itself, with its own answer',
  },
]
