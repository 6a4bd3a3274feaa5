import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { type JwtOptions, type VerifiedDelivery, type VerifyOptions, verifyWebhook } from '@gwh/core'
import {
  type Delivery,
  type DeliveryParts,
  NOW,
  NOW_SECONDS,
  toBytes,
  toHeaders,
  toMessage,
  vectors,
} from './support.ts'

/** The only audience the tests accept; the vector's. */
export const AUDIENCE = 'https://my-api.example/dyn'
export const RSA_JWKS = vectors.rs256.jwks
export const RSA_KEY = createPrivateKey(vectors.rs256.privateKeyPem)
const KID = RSA_JWKS.keys[0]!.kid

/** What a token is made of; a text stands for JSON that `JSON.stringify` would not write. */
export interface TokenParts {
  header?: object | string
  claims?: object | string
  key?: KeyObject
  hash?: 'sha256' | 'sha512'
}

/** Times and audience as they should be, and whatever else a token is to say. */
export const toClaims = (more: object = {}) => ({
  aud: AUDIENCE,
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  ...more,
})

export const sha256 = (body: DeliveryParts['body']) =>
  createHash('sha256')
    .update(toBytes(body ?? ''))
    .digest('hex')

export const encode = (part: object | string) => Buffer.from(toBytes(part)).toString('base64url')

/** Header and claims as RFC 7515 signs them. */
export function toSigningInput({
  header = { alg: 'RS256', kid: KID },
  claims = toClaims(),
}: TokenParts): string {
  return `${encode(header)}.${encode(claims)}`
}

/** Signs as RFC 7515 says, without jose and without the code under test. */
export function signToken({ key = RSA_KEY, hash = 'sha256', ...parts }: TokenParts = {}): string {
  const input = toSigningInput(parts)
  return `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`
}

export function withToken(token: string, parts: DeliveryParts = {}): Delivery {
  const message = toMessage(parts)
  return { headers: toHeaders(message, token), body: message.body }
}

/** A delivery whose token is bound to its body by a hash, unless `claims` says something else. */
export function jwtDelivery(parts: DeliveryParts & TokenParts = {}): Delivery {
  const { body } = toMessage(parts)
  return withToken(signToken({ claims: toClaims({ body_sha256: sha256(body) }), ...parts }), parts)
}

export function verifyJwt(
  delivery: Delivery,
  { jwt, ...options }: Omit<VerifyOptions, 'jwt'> & { jwt?: Partial<JwtOptions> } = {},
): Promise<VerifiedDelivery> {
  return verifyWebhook(delivery, {
    jwks: RSA_JWKS,
    jwt: { audience: AUDIENCE, ...jwt },
    now: () => NOW,
    ...options,
  })
}
