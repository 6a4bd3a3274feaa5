import { primitives } from '#crypto'
import type { HmacKey, SignedContent } from '../crypto/primitives.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import type { Refusal } from '../shared/refusal.ts'
import { parseSecrets, type SecretFormat, type SecretTexts } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'

/** An imported signing secret. */
export interface StaticKey {
  /** Its short form: `whsec_...` and the last four characters. */
  keyId: string
  /** The imported key. */
  key: HmacKey
}

/**
 * Finds the secret that signed the content. Resolves to its key id, or to `undefined` if no secret did. With
 * `cachedOnly` it never calls the function for secrets.
 */
export interface StaticVerifier {
  (
    content: SignedContent,
    signatures: readonly string[],
    cachedOnly: boolean,
  ): MaybePromise<string | undefined | Refusal>
  /** Loads the code that the first call would load, and calls nothing. `undefined` if all code is loaded. */
  load?: () => MaybePromise<unknown>
}

/**
 * Imports signing secrets.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function importSecrets(
  secrets: SecretTexts,
  format: SecretFormat | undefined,
  { warn }: SchemeSettings,
): MaybePromise<StaticKey[]> {
  const imported = parseSecrets(secrets, format, warn).map(({ keyId, bytes }) =>
    mapMaybe(primitives.importHmacKey(bytes), (key): StaticKey => ({ keyId, key })),
  )
  return allMaybe(imported)
}

/** Returns the id of the first key with which one of the signatures verifies. */
export function findKeyId(
  keys: readonly StaticKey[],
  content: SignedContent,
  signatures: readonly string[],
): MaybePromise<string | undefined> {
  const signed = findMaybe(keys, ({ key }) => primitives.verifyHmac(key, content, signatures))
  return mapMaybe(signed, (match) => match?.keyId)
}
