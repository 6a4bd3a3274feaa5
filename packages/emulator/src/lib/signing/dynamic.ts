import { type SignedMessage, signDynamic } from '@gwh/core/sign'
import type { DynamicSigning } from '../shared/delivery-options.ts'
import type { KeyAlgorithm } from './key-pairs.ts'
import type { SigningKey } from './keys.ts'

/** How dynamic deliveries are signed. */
export interface DynamicSigner {
  readonly signing: DynamicSigning
  readonly jwt: { readonly audience: string; readonly issuer: string }
  /** Finds the key for an algorithm. */
  readonly key: (algorithm: KeyAlgorithm) => Promise<SigningKey>
}

/** The algorithms that a way of signing needs. */
export function algorithmsOf(signing: DynamicSigning): readonly KeyAlgorithm[] {
  return { v1a: ['Ed25519'], jwt: ['RS256'], both: ['Ed25519', 'RS256'] }[signing] as KeyAlgorithm[]
}

/** Signs a message; returns the `webhook-signature` header. */
export async function signDynamically(message: SignedMessage, signer: DynamicSigner): Promise<string> {
  const entries = algorithmsOf(signer.signing).map(async (algorithm) => {
    const key = await signer.key(algorithm)
    if (algorithm === 'RS256') return signToken(message, key, signer.jwt)
    return signDynamic({ ...message, privateKey: key.privateKey })
  })
  return (await Promise.all(entries)).join(' ')
}

const LIFETIME_SECONDS = 300

/**
 * Makes the documented RS256 token (https://ai.google.dev/gemini-api/docs/webhooks). Its claims are not documented:
 * here they are the event itself, as the guide's Python sample suggests, with `iss`, `aud`, `iat`, `exp` and `jti`.
 */
async function signToken(
  { id, timestamp, body }: SignedMessage,
  { kid, privateKey }: SigningKey,
  { audience, issuer }: DynamicSigner['jwt'],
): Promise<string> {
  // Loaded here because most emulators sign no tokens.
  const { SignJWT } = await import('jose/jwt/sign')
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  return new SignJWT(JSON.parse(text))
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(timestamp)
    .setExpirationTime(timestamp + LIFETIME_SECONDS)
    .setJti(id)
    .sign(privateKey)
}
