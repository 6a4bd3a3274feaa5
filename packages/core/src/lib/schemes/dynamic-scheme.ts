import { primitives } from '#crypto'
import type { SignedContent } from '../crypto/primitives.ts'
import type { Jwks } from '../jwks/jwks.ts'
import { searchKeys } from '../jwks/key-search.ts'
import type { KeySet } from '../jwks/key-set.ts'
import { fromBase64 } from '../shared/bytes.ts'
import { findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import type { Refusal } from '../shared/refusal.ts'

/**
 * Finds the public key that signed the content. Resolves to its key id, or to `undefined` if no key did. With
 * `cachedOnly` it never fetches.
 */
export type DynamicVerifier = (
  content: SignedContent,
  signatures: readonly string[],
  cachedOnly: boolean,
) => MaybePromise<string | undefined | Refusal>

const SIGNATURE_BYTES = 64
// Limits the cost of a delivery. Enough to try one signature with every key.
const MAX_VERIFICATIONS = 16

/**
 * Creates the verifier of dynamic webhooks, which are signed with Ed25519. A delivery does not name its key, so all keys
 * of the JWKS are tried, starting with the last match.
 *
 * @see https://github.com/googleapis/python-genai/issues/2927 (the scheme as observed)
 */
export function createDynamicVerifier(jwks: Jwks): DynamicVerifier {
  let lastMatch = ''

  const search = (keySet: KeySet, content: SignedContent, signatures: readonly Uint8Array[]) => {
    const keys = [...keySet.ed25519].sort(
      (a, b) => Number(b.keyId === lastMatch) - Number(a.keyId === lastMatch),
    )
    const pairs = keys.flatMap((key) => signatures.map((signature) => ({ key, signature })))
    const signed = findMaybe(pairs.slice(0, MAX_VERIFICATIONS), ({ key, signature }) =>
      primitives.verifyEd25519(key.key, content, signature),
    )
    return mapMaybe(signed, (match) => {
      if (match) lastMatch = match.key.keyId
      return match?.key.keyId
    })
  }

  return (content, signatures, cachedOnly) => {
    const decoded = [...new Set(signatures)]
      .map(fromBase64)
      .filter((bytes) => bytes?.length === SIGNATURE_BYTES)
    if (decoded.length === 0) return undefined
    return searchKeys(jwks, (keySet) => search(keySet, content, decoded as Uint8Array[]), cachedOnly)
  }
}
