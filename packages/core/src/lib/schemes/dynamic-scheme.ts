import { primitives } from '#crypto'
import type { SignedContent } from '../crypto/primitives.ts'
import type { Jwks } from '../jwks/jwks.ts'
import { searchKeys } from '../jwks/key-search.ts'
import type { KeySet } from '../jwks/key-set.ts'
import { fromBase64 } from '../shared/bytes.ts'
import { findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import type { Refusal } from '../shared/refusal.ts'

/**
 * Says which public key signed the content: its key id, or `undefined` when none did. `cachedOnly` never fetches.
 */
export type DynamicVerifier = (
  content: SignedContent,
  signatures: readonly string[],
  cachedOnly: boolean,
) => MaybePromise<string | undefined | Refusal>

const SIGNATURE_BYTES = 64
// One delivery may cost this many verifications, enough for one signature under every key, however its header is made up.
const MAX_VERIFICATIONS = 16

/**
 * Verifies dynamic webhooks: Ed25519 under any key of the JWKS. Nothing in a delivery names its key, so all
 * are tried, the one that matched last first.
 *
 * @see https://github.com/googleapis/python-genai/issues/2927 (the scheme as it is on the wire)
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
