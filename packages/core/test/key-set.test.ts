import { generateKeyPairSync } from 'node:crypto'
import { verifyWebhook } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { isSafePublicKey } from '../src/lib/crypto/ed25519-points.ts'
import { selectSafeKeys } from '../src/lib/jwks/import-keys.ts'
import { codeOf, dynamicDelivery, JWKS, NOW, toHeaders, toMessage, vectors } from './support.ts'

const good = JWKS.keys[0]!
const keyIdsOf = (keys: unknown[]) => selectSafeKeys({ keys })?.edwards.map(({ keyId }) => keyId)
const toKey = (hex: string) => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: Buffer.from(hex, 'hex').toString('base64url'),
})

// The eight points of small order, then every other encoding a lenient decoder takes for one of them.
const SMALL_ORDER = {
  'the identity': '0100000000000000000000000000000000000000000000000000000000000000',
  'order 2': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 4': '0000000000000000000000000000000000000000000000000000000000000000',
  'order 4, the other sign': '0000000000000000000000000000000000000000000000000000000000000080',
  'order 8': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'order 8, the other sign': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'order 8, the other y': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'order 8, the other y and sign': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
}
const NON_CANONICAL = {
  'the identity with the sign of zero': '0100000000000000000000000000000000000000000000000000000000000080',
  'order 2 with the sign of zero': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'y = p': 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'y = p, signed': 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'y = p + 1': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'y = p + 1, signed': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'y = 2^255 - 1': 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
}

test('forty bad entries before three good ones do not hide them', () => {
  expect(keyIdsOf([...Array.from({ length: 40 }, () => ({ kty: 'EC' })), ...JWKS.keys])).toHaveLength(3)
})

describe('keys for which anyone can sign are left out', () => {
  test.each(Object.entries(SMALL_ORDER))('small order: %s', (_, hex) => {
    expect(isSafePublicKey(Buffer.from(hex, 'hex'))).toBe(false)
    expect(keyIdsOf([toKey(hex)])).toBeUndefined()
  })

  test.each(Object.entries(NON_CANONICAL))('not canonical: %s', (_, hex) => {
    expect(isSafePublicKey(Buffer.from(hex, 'hex'))).toBe(false)
    expect(keyIdsOf([toKey(hex), good])).toEqual(['test-ed-1'])
  })

  test('the forgery that some platforms verify for every message under the identity is refused', async () => {
    const identity = toKey(SMALL_ORDER['the identity'])
    const forged = Buffer.from(`${SMALL_ORDER['the identity']}${'00'.repeat(32)}`, 'hex')
    const message = toMessage()
    const headers = toHeaders(message, `v1a,${forged.toString('base64')}`)
    const options = { jwks: { keys: [identity, good] }, now: () => NOW }
    expect(await codeOf(verifyWebhook({ headers, body: message.body }, options))).toBe('signature_invalid')
  })

  test('the largest canonical y and ordinary keys are kept', () => {
    expect(isSafePublicKey(Buffer.from(`eb${'ff'.repeat(30)}7f`, 'hex'))).toBe(true)
    for (let count = 0; count < 50; count++) {
      const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
      expect(isSafePublicKey(Buffer.from(x!, 'base64url'))).toBe(true)
    }
  })
})

describe('an entry that is not a public signing key is left out, the good ones stay', () => {
  test.each<[string, unknown]>([
    ['with its private member', { ...good, d: good.x }],
    ['with a symmetric member', { ...good, k: good.x }],
    ['for encryption', { ...good, use: 'enc' }],
    ['with an empty use', { ...good, use: '' }],
    ['for signing only', { ...good, key_ops: ['sign'] }],
    ['with key_ops that are not a list', { ...good, key_ops: 'verify' }],
    ['for another algorithm', { ...good, alg: 'ES256' }],
    ['on another curve', { ...good, crv: 'X25519' }],
    ['of another type', { ...good, kty: 'EC' }],
    ['of a symmetric type', { kty: 'oct', k: good.x }],
    ['of 31 bytes', { ...good, x: Buffer.alloc(31, 9).toString('base64url') }],
    ['of 33 bytes', { ...good, x: Buffer.alloc(33, 9).toString('base64url') }],
    ['in padded base64', { ...good, x: `${good.x}=` }],
    ['in standard base64', { ...good, x: JWKS.keys[2]!.x.replaceAll('-', '+').replaceAll('_', '/') }],
    ['with unread bits set', { ...good, x: `${good.x.slice(0, -1)}Z` }],
    ['without x', { kty: 'OKP', crv: 'Ed25519' }],
    ['with an x that is not a string', { ...good, x: 5 }],
    ['that is null', null],
    ['that is a text', good.x],
    ['that is a list', [good]],
  ])('%s', (_, bad) => {
    expect(keyIdsOf([bad])).toBeUndefined()
    expect(keyIdsOf([bad, JWKS.keys[1]])).toEqual(['test-ed-2'])
    expect(selectSafeKeys({ keys: [bad, JWKS.keys[1]] })).toMatchObject({ rejected: 1 })
  })

  test.each<[string, object]>([
    ['use sig', { use: 'sig' }],
    ['key_ops verify', { key_ops: ['verify'] }],
    ['alg Ed25519', { alg: 'Ed25519' }],
    ['alg EdDSA', { alg: 'EdDSA' }],
    ['unknown members', { x5t: 'x', 'ext-1': {} }],
  ])('%s is fine', (_, members) => {
    expect(keyIdsOf([{ kty: 'OKP', crv: 'Ed25519', x: good.x, ...members }])).toEqual([good.x])
  })

  test('a delivery signed with the good key verifies beside a bad one', async () => {
    const jwks = { keys: [{ ...good, x: '!' }, null as never, ...JWKS.keys] }
    await expect(verifyWebhook(dynamicDelivery(), { jwks, now: () => NOW })).resolves.toBeDefined()
  })
})

describe('how many keys are read is bounded', () => {
  test('entries after the first 1,024 are not read', () => {
    const filler = Array(1023).fill({ kty: 'EC' })
    expect(keyIdsOf([...filler, good])).toEqual(['test-ed-1'])
    expect(keyIdsOf([...filler, null, good])).toBeUndefined()
  })

  test('sixteen Ed25519 keys are kept', () => {
    expect(keyIdsOf(Array(20).fill(good))).toHaveLength(16)
  })
})

describe('anything but a key set has no keys', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['a list', [good]],
    ['a text', 'keys'],
    ['an object without keys', {}],
    ['keys that are not a list', { keys: { 0: good } }],
    ['no keys', { keys: [] }],
  ])('%s', (_, value) => {
    expect(selectSafeKeys(value)).toBeUndefined()
  })

  test('given by the caller it is option_invalid', async () => {
    const promise = verifyWebhook(dynamicDelivery(), { jwks: { keys: [] }, now: () => NOW })
    expect(await codeOf(promise)).toBe('option_invalid')
  })
})

describe('RSA keys for the documented scheme', () => {
  const rsa = vectors.rs256.jwks.keys[0]!
  const modulus = Buffer.from(rsa.n, 'base64url')
  const withModulus = (bytes: Uint8Array) => ({ ...rsa, n: Buffer.from(bytes).toString('base64url') })
  const kidsOf = (keys: unknown[]) => selectSafeKeys({ keys })?.rsa.map(({ kid }) => kid)

  test('are kept, with or without a kid, and verify no v1a', async () => {
    const { kid: _, ...nameless } = rsa
    expect(kidsOf([rsa, nameless, { ...rsa, kid: '' }])).toEqual(['test-rsa-1', undefined, undefined])
    const promise = verifyWebhook(dynamicDelivery(), { jwks: { keys: [rsa] }, now: () => NOW })
    expect(await codeOf(promise)).toBe('signature_invalid')
  })

  test.each<[string, unknown]>([
    ['of 1024 bits', withModulus(modulus.subarray(0, 128))],
    ['of 2040 bits', withModulus(modulus.subarray(1))],
    [
      'of 2047 bits, with a leading zero',
      withModulus(Buffer.concat([Buffer.from([0x7f]), modulus.subarray(1)])),
    ],
    ['of 16384 bits', withModulus(Buffer.alloc(2048, 0xff))],
    ['with exponent 3', { ...rsa, e: 'Aw' }],
    ['with exponent 1', { ...rsa, e: 'AQ' }],
    ['with an even exponent', { ...rsa, e: 'AQAA' }],
    ['without an exponent', { ...rsa, e: undefined }],
    ['with a modulus that is not base64', { ...rsa, n: '!' }],
    ['with its private exponent', { ...rsa, d: rsa.n }],
    ['with a prime', { ...rsa, p: rsa.n }],
    ['for encryption', { ...rsa, use: 'enc' }],
    ['for another algorithm', { ...rsa, alg: 'PS256' }],
  ])('%s are left out', (_, key) => {
    expect(kidsOf([key])).toBeUndefined()
    expect(kidsOf([key, rsa])).toEqual(['test-rsa-1'])
  })
})
