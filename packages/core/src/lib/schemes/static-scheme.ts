import { mapMaybe } from '../shared/maybe-promise.ts'
import { onDemand } from '../shared/on-demand.ts'
import type { SecretFormat, SecretSource } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'
import { findKeyId, importSecrets, type StaticVerifier } from './static-keys.ts'

/**
 * Creates the verifier of static webhooks: HMAC-SHA256, with any of the secrets and any of the signatures.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`; never for a function, which is
 *   called later
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

/** Most receivers have fixed secrets, so the code for functions is loaded with the first delivery. */
function createLazyVerifier(
  secrets: Extract<SecretSource, () => unknown>,
  format: SecretFormat | undefined,
  settings: SchemeSettings,
): StaticVerifier {
  const load = onDemand(
    () => import('./rotating-secrets.ts'),
    ({ createRotatingVerifier }) => createRotatingVerifier(secrets, format, settings),
  )
  const verify: StaticVerifier = (...delivery) => mapMaybe(load(), (verify) => verify(...delivery))
  verify.load = load
  return verify
}
