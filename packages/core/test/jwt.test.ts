import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type JwtOptions, verifyWebhook } from '@gwh/core'
import type { JsonWebKeyLike } from '@gwh/core/jwks'
import { describe, expect, test } from 'vitest'
import { selectSafeKeys } from '../src/lib/jwks/import-keys.ts'
import { createServedJwks, JWKS_URL, toJwksResponse } from './jwks-server.ts'
import {
  AUDIENCE,
  encode,
  jwtDelivery,
  RSA_JWKS,
  RSA_KEY,
  signToken,
  toClaims,
  toSigningInput,
  verifyJwt,
  withToken,
} from './jwt-support.ts'
import {
  codeOf,
  createWatched,
  ID,
  JWKS,
  NOW,
  NOW_SECONDS,
  SECRET,
  signV1,
  signV1a,
  staticDelivery,
  toJwk,
  toMessage,
  vectors,
} from './support.ts'

const RSA_JWK = RSA_JWKS.keys[0]!
const PUBLIC_PEM = createPublicKey(RSA_KEY).export({ type: 'spki', format: 'pem' })
const OTHER_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

const publicJwk = (key: KeyObject, more: object = {}): JsonWebKeyLike => ({
  ...toJwk(createPublicKey(key)),
  ...more,
})
const codeOfToken = (token: string) => codeOf(verifyJwt(withToken(token)))
const codeUnder = (keys: JsonWebKeyLike[], key: KeyObject, header?: object) =>
  codeOf(
    verifyJwt(jwtDelivery({ key, ...(header && { header }) }), { jwks: { keys: [...JWKS.keys, ...keys] } }),
  )

describe('the test vector', () => {
  const delivery = withToken(vectors.rs256.header, { body: vectors.body })

  test('verifies if unbound bodies are allowed', async () => {
    await expect(verifyJwt(delivery, { jwt: { allowUnboundBody: true } })).resolves.toEqual({
      id: vectors.id,
      timestamp: NOW_SECONDS,
      scheme: 'dynamic',
      keyId: 'test-rsa-1',
      body: delivery.body,
      jwt: { bodyBound: false },
    })
  })

  test('is refused otherwise, because it is not bound to the body', async () => {
    expect(await codeOf(verifyJwt(delivery))).toBe('jwt_body_unbound')
  })

  test('is refused when one bit of the signature differs', async () => {
    const end = vectors.rs256.header.lastIndexOf('.') + 1
    const signature = Buffer.from(vectors.rs256.header.slice(end), 'base64url')
    signature[9]! ^= 1
    const token = vectors.rs256.header.slice(0, end) + signature.toString('base64url')
    expect(await codeOfToken(token)).toBe('signature_invalid')
  })
})

describe('anything but a compact token of three parts is jwt_malformed', () => {
  const good = signToken()
  const [header, claims, signature] = good.split('.') as [string, string, string]
  test.each<[string, string]>([
    ['one part', header],
    ['two parts', `${header}.${claims}`],
    ['four parts', `${good}.${signature}`],
    ['five parts, as of an encrypted token', `${good}.${signature}.${signature}`],
    ['an empty header', `eyJ9..${signature}`],
    ['claims that are not JSON', `${header}.${encode('{"aud":')}.${signature}`],
    ['claims that are a list', `${header}.${encode('[]')}.${signature}`],
    ['claims that are null', `${header}.${encode('null')}.${signature}`],
    [
      'claims that are not UTF-8',
      `${header}.${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64url')}.${signature}`,
    ],
    ['padding', `${header}=.${claims}.${signature}`],
    ['standard base64', `${header}.${claims}+/.${signature}`],
    ['a header with alg twice', signToken({ header: '{"alg":"none","alg":"RS256"}' })],
    ['a claim twice', signToken({ claims: JSON.stringify(toClaims()).replace('{', '{"aud":"x",') })],
    ['a claim that reaches a prototype', signToken({ claims: '{"__proto__":{}}' })],
  ])('%s', async (_, token) => {
    expect(await codeOfToken(token)).toBe('jwt_malformed')
  })
})

describe('any algorithm but RS256 is jwt_alg', () => {
  const hmacToken = (secret: string | Uint8Array) => {
    const input = toSigningInput({ header: { alg: 'HS256', kid: 'test-rsa-1' } })
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  test.each<[string, string]>([
    ['none without a signature', `${toSigningInput({ header: { alg: 'none' } })}.`],
    ['none with one', signToken({ header: { alg: 'none' } })],
    ['no alg at all', signToken({ header: { kid: 'test-rsa-1' } })],
    ['another case', signToken({ header: { alg: 'rs256', kid: 'test-rsa-1' } })],
    ['a list', signToken({ header: { alg: ['RS256'] } })],
    ['HS256 with the public key in PEM as its secret', hmacToken(PUBLIC_PEM)],
    ['HS256 with the modulus as its secret', hmacToken(Buffer.from(RSA_JWK.n, 'base64url'))],
    ['RS512, genuinely signed', signToken({ header: { alg: 'RS512', kid: 'test-rsa-1' }, hash: 'sha512' })],
  ])('%s', async (_, token) => {
    expect(await codeOfToken(token)).toBe('jwt_alg')
  })

  test('and a token that says RS256 is verified with it, whatever was used', async () => {
    expect(await codeOfToken(signToken({ hash: 'sha512' }))).toBe('signature_invalid')
  })
})

test.each<[string, unknown]>([
  ['jku', JWKS_URL],
  ['jwk', publicJwk(OTHER_KEY)],
  ['x5u', JWKS_URL],
  ['x5c', ['AAAA']],
  ['x5t', 'AAAA'],
  ['x5t#S256', 'AAAA'],
  ['crit', ['b64']],
  ['b64', false],
  ['b64', true],
  ['zip', 'DEF'],
  ['enc', 'A256GCM'],
])('a header with %s is jwt_header_forbidden, even on a genuine token', async (name, value) => {
  const header = { alg: 'RS256', kid: 'test-rsa-1', [name]: value }
  expect(await codeOf(verifyJwt(jwtDelivery({ header })))).toBe('jwt_header_forbidden')
})

describe('a key is named by kid', () => {
  const other = publicJwk(OTHER_KEY, { kid: 'test-rsa-1' })

  test.each<[string, object]>([
    ['absent', { alg: 'RS256' }],
    ['empty', { alg: 'RS256', kid: '' }],
    ['no text', { alg: 'RS256', kid: 7 }],
  ])('%s, every key is tried', async (_, header) => {
    const jwks = { keys: [other, RSA_JWK] }
    await expect(verifyJwt(jwtDelivery({ header }), { jwks })).resolves.toMatchObject({ keyId: 'test-rsa-1' })
  })

  test('that two keys have, both are tried', async () => {
    const jwks = { keys: [other, RSA_JWK] }
    for (const key of [RSA_KEY, OTHER_KEY]) {
      await expect(verifyJwt(jwtDelivery({ key }), { jwks })).resolves.toMatchObject({ scheme: 'dynamic' })
    }
  })

  test('that no key has, no other key is tried', async () => {
    expect(await codeUnder([RSA_JWK], RSA_KEY, { alg: 'RS256', kid: 'unknown' })).toBe('signature_invalid')
    expect(await codeUnder([{ ...RSA_JWK, kid: '' }], RSA_KEY)).toBe('signature_invalid')
  })

  test('of another key does not verify', async () => {
    expect(await codeUnder([RSA_JWK, publicJwk(OTHER_KEY, { kid: 'b' })], OTHER_KEY)).toBe(
      'signature_invalid',
    )
  })
})

describe('a weak or compromised key proves nothing', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const exponent3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey
  const header = { alg: 'RS256' }
  test.each<[string, KeyObject, JsonWebKeyLike]>([
    ['of 1024 bits', small, publicJwk(small)],
    ['with the exponent 3', exponent3, publicJwk(exponent3)],
    ['with its private members', RSA_KEY, { ...toJwk(RSA_KEY) }],
    ['with its private exponent', RSA_KEY, { ...RSA_JWK, d: 'AQAB' }],
    ['with one prime', RSA_KEY, { ...RSA_JWK, p: toJwk(RSA_KEY).p } as JsonWebKeyLike],
    ['for encryption', RSA_KEY, { ...RSA_JWK, use: 'enc' }],
    ['for another algorithm', RSA_KEY, { ...RSA_JWK, alg: 'RS512' }],
    ['whose modulus starts with a zero', RSA_KEY, { ...RSA_JWK, n: encode(`\0${'x'.repeat(256)}`) }],
  ])('%s', async (_, key, jwk) => {
    expect(selectSafeKeys({ keys: [jwk] })).toBeUndefined()
    expect(await codeUnder([jwk], key, header)).toBe('signature_invalid')
  })
})

test('without jwt among the options a token is an unsupported scheme, reported to the observer only', async () => {
  const { receiver, signals } = createWatched({ dynamic: { allowAnyJob: true, jwks: RSA_JWKS } })
  const answer = await receiver.receive(jwtDelivery())
  expect(answer).toMatchObject({ status: 401, body: '{"error":"unauthorized"}' })
  expect(signals).toMatchObject([{ type: 'refused', code: 'scheme_unsupported', status: 401 }])
})

describe('beside the other schemes', () => {
  const jwks = { keys: [...JWKS.keys, RSA_JWK] }
  const jwt: JwtOptions = { audience: AUDIENCE }
  test.each<[string, string, string]>([
    ['v1', signV1(toMessage()), 'static'],
    ['v1a', signV1a(toMessage()), 'dynamic'],
  ])('a good %s entry is enough, and says nothing about tokens', async (_, entry, scheme) => {
    const delivery = withToken(`${signToken({ key: OTHER_KEY })} ${entry}`)
    const verified = await verifyWebhook(delivery, { secrets: SECRET, jwks, jwt, now: () => NOW })
    expect(verified).toMatchObject({ id: ID, scheme })
    expect(verified).not.toHaveProperty('jwt')
  })

  test('the replay window holds for tokens, too', async () => {
    expect(await codeOf(verifyJwt(jwtDelivery({ timestamp: NOW_SECONDS - 301 })))).toBe('timestamp_too_old')
    expect(await codeOf(verifyJwt(staticDelivery()))).toBe('scheme_unsupported')
  })
})

describe('the key set is fetched', () => {
  test('for a token in time and never for one that is not', async () => {
    const { jwks, server } = createServedJwks()
    server.answer = () => toJwksResponse({ document: RSA_JWKS })
    const expired = toClaims({ iat: NOW_SECONDS - 60, exp: NOW_SECONDS - 1 })
    expect(await codeOf(verifyJwt(jwtDelivery({ claims: expired }), { jwks }))).toBe('jwt_claims')
    expect(server.fetches).toBe(0)
    await expect(verifyJwt(jwtDelivery(), { jwks })).resolves.toBeDefined()
    expect(server.fetches).toBe(1)
  })

  test('once for any number of tokens with an unknown kid', async () => {
    const { jwks, server } = createServedJwks()
    server.answer = () => toJwksResponse({ document: RSA_JWKS })
    for (let count = 0; count < 20; count++) {
      const header = { alg: 'RS256', kid: `unknown-${count}` }
      expect(await codeOf(verifyJwt(jwtDelivery({ header }), { jwks }))).toBe('signature_invalid')
    }
    expect(server.fetches).toBe(1)
  })
})
