import { primitives } from '#crypto'
import type { HmacKey, SignedContent } from '../crypto/primitives.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { type ConfigWarning, parseSecrets, type SecretFormat } from './secrets.ts'

/** A signing secret ready for use. */
interface StaticKey {
  keyId: string
  key: HmacKey
}

/** Says which secret signed the content: its key id, or `undefined` when none did. */
export type StaticVerifier = (
  content: SignedContent,
  signatures: readonly string[],
) => MaybePromise<string | undefined>

/**
 * Verifies static webhooks: HMAC-SHA256 under any of the secrets, against any of the signatures.
 *
 * @throws WebhookConfigError `secret_empty`, `secret_malformed`
 */
export function createStaticVerifier(
  secrets: string | readonly string[],
  format?: SecretFormat,
  warn?: (warning: ConfigWarning) => void,
): StaticVerifier {
  const imported = parseSecrets(secrets, format, warn).map(({ keyId, bytes }) =>
    mapMaybe(primitives.importHmacKey(bytes), (key): StaticKey => ({ keyId, key })),
  )
  const ready = allMaybe(imported)
  return (content, signatures) =>
    mapMaybe(ready, (keys) => {
      const signed = findMaybe(keys, ({ key }) => primitives.verifyHmac(key, content, signatures))
      return mapMaybe(signed, (match) => match?.keyId)
    })
}
