import { createPublicKey } from 'node:crypto'
import { verifyWebhook } from '@gwh/core'
import { signDynamic, signStatic } from '@gwh/core/sign'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  codeOf,
  type Delivery,
  JWKS,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  PRIVATE_KEYS,
  SECRET,
  signV1,
  signV1a,
  toHeaders,
  toJwk,
  toMessage,
} from './support.ts'

const OPTIONS = { secrets: SECRET, jwks: JWKS, now: () => NOW }
const verify = (delivery: Delivery, options = OPTIONS) => verifyWebhook(delivery, options)
const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => 'verified',
    (error: { code?: string }) => error.code,
  )

const ids = fc.stringMatching(/^[!-+\-/-~]{1,40}$/)
const times = fc.integer({ min: NOW_SECONDS - 300, max: NOW_SECONDS + 300 })
const bodies = fc.uint8Array({ maxLength: 300 })
const messages = fc.record({ id: ids, timestamp: times, body: bodies }).map(toMessage)
const schemes = fc.constantFrom('static' as const, 'dynamic' as const)

describe('sign, then verify', () => {
  test('is a round trip for every id, second and body', async () => {
    const privateKey = toJwk(PRIVATE_KEYS[0]!)
    await fc.assert(
      fc.asyncProperty(ids, times, bodies, async (id, timestamp, body) => {
        const message = { id, timestamp, body }
        for (const signature of [
          await signStatic({ ...message, secrets: SECRET }),
          await signDynamic({ ...message, privateKey }),
        ]) {
          const headers = toHeaders({ id, timestamp: String(timestamp), body }, signature)
          expect(await verify({ headers, body })).toMatchObject({ id, timestamp, body })
        }
      }),
    )
  })

  test('our signer and an independent one agree', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const timestamp = Number(message.timestamp)
        expect(await signStatic({ ...message, timestamp, secrets: SECRET })).toBe(signV1(message))
      }),
    )
  })
})

describe('one bit flipped is refused', () => {
  const positions = fc.nat()
  const signed = (message: ReturnType<typeof toMessage>, scheme: 'static' | 'dynamic') =>
    scheme === 'static' ? signV1(message) : signV1a(message)

  test('in the id, the timestamp or the signature', async () => {
    const names = fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature')
    await fc.assert(
      fc.asyncProperty(messages, schemes, names, positions, async (message, scheme, name, position) => {
        const headers = toHeaders(message, signed(message, scheme))
        headers[name] = flipText(headers[name]!, position)
        expect(await settled(verify({ headers, body: message.body }))).not.toBe('verified')
      }),
      { numRuns: 500 },
    )
  })

  test('in the body', async () => {
    await fc.assert(
      fc.asyncProperty(messages, schemes, positions, async (message, scheme, position) => {
        fc.pre(message.body.length > 0)
        const headers = toHeaders(message, signed(message, scheme))
        const body = flipBit(message.body, position)
        expect(await codeOf(verify({ headers, body }))).toBe('signature_invalid')
      }),
      { numRuns: 300 },
    )
  })

  test('in the secret', async () => {
    await fc.assert(
      fc.asyncProperty(messages, positions, async (message, position) => {
        const key = flipBit(Buffer.from(SECRET.slice('whsec_'.length), 'base64'), position)
        const options = { secrets: `whsec_${Buffer.from(key).toString('base64')}`, now: () => NOW }
        const delivery = { headers: toHeaders(message, signV1(message)), body: message.body }
        expect(await codeOf(verifyWebhook(delivery, options))).toBe('signature_invalid')
      }),
    )
  })

  test('in the public key', async () => {
    const publicKey = toJwk(createPublicKey(PRIVATE_KEYS[0]!))
    await fc.assert(
      fc.asyncProperty(messages, positions, async (message, position) => {
        const x = Buffer.from(flipBit(Buffer.from(String(publicKey.x), 'base64url'), position)).toString(
          'base64url',
        )
        const options = { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x }] }, now: () => NOW }
        const delivery = { headers: toHeaders(message, signV1a(message)), body: message.body }
        expect(['signature_invalid', 'option_invalid']).toContain(
          await settled(verifyWebhook(delivery, options)),
        )
      }),
    )
  })
})

describe('the order and number of signature entries do not matter', () => {
  test('shuffled and doubled lists have the verdict of the list', async () => {
    const message = toMessage()
    const entries = fc.constantFrom(
      signV1(message),
      signV1(message, OTHER_SECRET),
      'v2,abc',
      'v1,',
      'v1,%%%',
      'nonsense',
      signV1(message).slice(0, -2),
    )
    const list = fc.array(entries, { minLength: 1, maxLength: 7 })
    const shuffled = list.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.shuffledSubarray([...given, ...given], { minLength: given.length * 2 }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(shuffled, async ([given, other]) => {
        const verdicts = [given, other].map((signatures) => {
          const headers = toHeaders(message, signatures.join(' '))
          return settled(verify({ headers, body: message.body }))
        })
        // An entry cut to `v1,` before another reads like a joined header, which is refused whole.
        const joined = [given, other].some((signatures) => signatures.join(' ').includes(', '))
        const [first, second] = await Promise.all(verdicts)
        if (!joined) expect(second).toBe(first)
      }),
    )
  })
})

function flipBit(bytes: Uint8Array, position: number): Uint8Array {
  const flipped = new Uint8Array(bytes)
  const bit = position % (bytes.length * 8)
  flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

function flipText(text: string, position: number): string {
  return Buffer.from(flipBit(Buffer.from(text, 'latin1'), position)).toString('latin1')
}
