import { mapMaybe } from '../shared/maybe-promise.ts'
import type { SecretFormat, SecretSource } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'
import { findKeyId, importSecrets, type StaticVerifier } from './static-keys.ts'

/**
 * Verifies static webhooks: HMAC-SHA256 under any of the secrets, against any of the signatures.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`; not for a function, which is called later
 */
export function createStaticVerifier(
  secrets: SecretSource,
  format: SecretFormat | undefined,
  settings: SchemeSettings,
): StaticVerifier {
  if (typeof secrets === 'function') return createLazyVerifier(secrets, format, settings)
  const ready = importSecrets(secrets, format, settings)
  return (content, signatures) => mapMaybe(ready, (keys) => findKeyId(keys, content, signatures))
}

/** Code for secrets that rotate is loaded with the first delivery: most receivers have fixed ones. */
function createLazyVerifier(
  secrets: Extract<SecretSource, () => unknown>,
  format: SecretFormat | undefined,
  settings: SchemeSettings,
): StaticVerifier {
  let verifier: StaticVerifier | undefined
  return (...delivery) => {
    if (verifier) return verifier(...delivery)
    return import('./rotating-secrets.ts').then(({ createRotatingVerifier }) => {
      // Of many first deliveries at once, the first to get here makes the cache that all of them use.
      verifier ??= createRotatingVerifier(secrets, format, settings)
      return verifier(...delivery)
    })
  }
}
