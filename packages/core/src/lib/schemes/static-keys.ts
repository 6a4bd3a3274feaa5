import { primitives } from '#crypto'
import type { HmacKey, SignedContent } from '../crypto/primitives.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import type { Refusal } from '../shared/refusal.ts'
import { parseSecrets, type SecretFormat, type SecretTexts } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'

/** A signing secret ready for use. */
export interface StaticKey {
  keyId: string
  key: HmacKey
}

/** Finds the secret that signed the content: its key id, or `undefined` when none did. */
export type StaticVerifier = (
  content: SignedContent,
  signatures: readonly string[],
  cachedOnly: boolean,
) => MaybePromise<string | undefined | Refusal>

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

/** The id of the first key under which one of the signatures is the content's. */
export function findKeyId(
  keys: readonly StaticKey[],
  content: SignedContent,
  signatures: readonly string[],
): MaybePromise<string | undefined> {
  const signed = findMaybe(keys, ({ key }) => primitives.verifyHmac(key, content, signatures))
  return mapMaybe(signed, (match) => match?.keyId)
}
