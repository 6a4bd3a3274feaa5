import { NOW_SECONDS } from './support.ts'

/** One delivery, signed by the given rule, in the form of each library. */
export interface Difference {
  reason: string
  /** The header texts; the signature is over what each library would sign. */
  id?: string
  timestamp?: string
  body?: Uint8Array
  /** What `standardwebhooks` is given to sign for itself: it signs the parsed number, not the text. */
  signedTimestamp?: number
  signedBody?: Uint8Array
  /** Turns the one good entry into the header. */
  toSignature?: (entry: string) => string
  toSecret?: (secret: string) => string
  /** Who accepts it. Nothing else may. */
  accepts: 'theirs' | 'ours'
}

const t = NOW_SECONDS
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** A timestamp text that `parseInt` reads as the number that was signed. */
const looseTimestamp = (timestamp: string): Difference => ({
  reason: 'parseInt reads it as the signed number; we sign and check the text as received',
  timestamp,
  signedTimestamp: Number.parseInt(timestamp, 10),
  accepts: 'theirs',
})

/**
 * Every known way in which our verdict differs from that of `standardwebhooks` 1.1.1.
 *
 * An entry that no longer differs fails its test, so this list is never outdated.
 */
export const KNOWN_DIFFERENCES: Record<string, Difference> = {
  'timestamp with a plus sign': looseTimestamp(`+${t}`),
  'timestamp with a leading zero': looseTimestamp(`0${t}`),
  'timestamp with a fraction': looseTimestamp(`${t}.9`),
  'timestamp with trailing letters': looseTimestamp(`${t}abc`),
  'timestamp with an exponent': looseTimestamp(`${t}e5`),
  'timestamp sent twice': looseTimestamp(`${t},${t}`),
  'timestamp sent twice and joined by the runtime': looseTimestamp(`${t}, ${t}`),
  'timestamp with another number after it': looseTimestamp(`${t} 5`),
  'timestamp with a unit': looseTimestamp(`${t}s`),
  'id with a dot': {
    reason: 'a dot lets the fields of the signed text shift',
    id: 'msg.1',
    accepts: 'theirs',
  },
  'id with a space': { reason: 'only visible ASCII identifies a delivery', id: 'msg 1', accepts: 'theirs' },
  'id with a comma': { reason: 'a comma indicates a repeated header', id: 'msg,1', accepts: 'theirs' },
  'id beyond ASCII': {
    reason: 'a header value is bytes, and their encoding is not agreed on',
    id: 'msg_é',
    accepts: 'theirs',
  },
  'id of 257 characters': { reason: 'what is stored is bounded', id: 'i'.repeat(257), accepts: 'theirs' },
  'signature header sent twice, the good one first': {
    reason: 'they split at the comma and read the first part only; we refuse repeated headers',
    toSignature: (entry) => `${entry}, v1,x`,
    accepts: 'theirs',
  },
  'signature header sent twice, the good one last': {
    reason: 'the same in reverse',
    toSignature: (entry) => `v1,x, ${entry}`,
    accepts: 'theirs',
  },
  'text after a second comma': {
    reason: 'they ignore what follows it; to us the entry is not base64',
    toSignature: (entry) => `${entry},tail`,
    accepts: 'theirs',
  },
  'seventeen entries': {
    reason: 'the cost of one delivery is bounded',
    toSignature: (entry) => `${'v1,x '.repeat(16)}${entry}`,
    accepts: 'theirs',
  },
  'a header of more than 8 KiB': {
    reason: 'the cost of one delivery is bounded',
    toSignature: (entry) => `v2,${'x'.repeat(8192)} ${entry}`,
    accepts: 'theirs',
  },
  'secret without its prefix': {
    reason: 'libraries disagree on what such a secret means, so ours wants the prefix or a format',
    toSecret: (secret) => secret.slice('whsec_'.length),
    accepts: 'theirs',
  },
  'secret of 15 bytes': {
    reason: 'the specification asks for 24 to 64 bytes',
    toSecret: () => `whsec_${Buffer.alloc(15, 7).toString('base64')}`,
    accepts: 'theirs',
  },
  'a byte that is not UTF-8 swapped for another': {
    reason: 'they hash the decoded text, in which both are U+FFFD; we hash the bytes',
    signedBody: bytes('{"a":"\ufffd"}'),
    body: new Uint8Array([...bytes('{"a":"'), 0xff, ...bytes('"}')]),
    accepts: 'theirs',
  },
  'a signed body that is not UTF-8': {
    reason: 'the sender signs bytes; theirs decode to something else',
    body: new Uint8Array([...bytes('{"a":"'), 0xff, ...bytes('"}')]),
    accepts: 'ours',
  },
  'a signed body that is not JSON': {
    reason: 'they parse while verifying; here parsing is the next step',
    body: bytes('no JSON'),
    accepts: 'ours',
  },
}
