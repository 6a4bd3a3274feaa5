import buffer from 'node:buffer'
import { inspect } from 'node:util'

/** What a receiver must never reveal, by kind. Each delivery carries the first two. */
export const CANARIES = {
  payload: 'payload-of-a-customer-canary',
  'job token': 'token-of-a-job-canary',
  'signing secret': 'signing-secret-canary-of-32-bytes',
  'job key': 'job-key-canary-of-at-least-32-bytes',
  password: 'password-of-redis-canary',
} as const

export const SECRET = `whsec_${Buffer.from(CANARIES['signing secret']).toString('base64')}`

/** Names the canaries that `util.inspect` can find in a value, hidden properties and bytes included. */
export function findCanaries(value: unknown): string[] {
  const text = show(value)
  return Object.entries(CANARIES)
    .filter(([, canary]) => spellings(canary).some((spelling) => text.includes(spelling)))
    .map(([name]) => name)
}

function show(value: unknown): string {
  const shortened = buffer.INSPECT_MAX_BYTES
  buffer.INSPECT_MAX_BYTES = Number.MAX_SAFE_INTEGER
  const options = {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
    compact: false,
  }
  const text = inspect(value, options)
  buffer.INSPECT_MAX_BYTES = shortened
  // Bytes are printed one on each line.
  return text.replaceAll(/\s+/g, ' ')
}

function spellings(canary: string): string[] {
  const bytes = Buffer.from(canary)
  const hex = bytes.toString('hex')
  return [
    canary,
    hex,
    hex.replaceAll(/..(?=.)/g, '$& '),
    bytes.join(', '),
    ...[0, 1, 2].map((offset) => insideBase64(bytes, offset)),
  ]
}

/** How a text at `offset` bytes after a multiple of three appears inside longer base64. */
function insideBase64(bytes: Uint8Array, offset: number): string {
  const skipped = (3 - offset) % 3
  const whole = Math.floor((bytes.length - skipped) / 3) * 3
  return Buffer.from(bytes.subarray(skipped, skipped + whole)).toString('base64')
}
