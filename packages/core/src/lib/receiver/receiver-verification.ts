import { checkGivenKeys } from '../jwks/given-keys.ts'
import { GOOGLE_JWKS_URL } from '../jwks/google.ts'
import { createLazyDynamic } from '../schemes/lazy-dynamic.ts'
import { createStaticSchemes } from '../schemes/scheme.ts'
import type { SecretSource, SecretTexts } from '../schemes/secrets.ts'
import type { SchemeSettings } from '../schemes/settings.ts'
import { copyOptions } from '../verify/verifier.ts'
import type { Verification } from '../verify/verify.ts'
import { checkVerifyOptions, type VerifyOptions } from '../verify/verify-options.ts'
import type { ReceiverOptions } from './receiver-options.ts'

/** How a receiver verifies deliveries. */
export interface ReceiverVerification {
  verifier: Verification
  /**
   * Returns options for explanations that use what verification has cached, so that refused deliveries cause neither
   * calls of the function for secrets nor fetches of their own.
   */
  cachedOptions(): Promise<VerifyOptions>
}

/**
 * Checks the options for verification and imports the secrets.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createReceiverVerification(
  given: ReceiverOptions,
  now: () => number,
  settings: SchemeSettings,
): ReceiverVerification {
  const unchecked = toVerifyOptions(given, now)
  const toleranceSeconds = checkVerifyOptions(unchecked, 'verification')
  const options = copyOptions(unchecked)
  const { jwks, allowEmulator } = options
  const { secrets, last } = rememberLast(options.secrets)
  const fixed = createStaticSchemes({ ...options, ...(secrets !== undefined && { secrets }) }, settings)
  if (jwks !== undefined) checkGivenKeys(jwks, allowEmulator)
  const dynamic = jwks === undefined ? undefined : createLazyDynamic(options, toleranceSeconds, settings)
  return {
    verifier: { schemes: [...fixed, ...(dynamic?.schemes ?? [])], toleranceSeconds, now },
    cachedOptions: async () => ({
      ...options,
      ...(last !== undefined && { secrets: last }),
      ...(dynamic && { jwks: await dynamic.jwks() }),
    }),
  }
}

/** Returns the secrets, and what a function for them has returned last; both the same if they are no function. */
function rememberLast(
  secrets: SecretSource | undefined,
): Record<'secrets' | 'last', SecretSource | undefined> {
  if (typeof secrets !== 'function') return { secrets, last: secrets }
  let last: SecretTexts = []
  const load = async () => {
    last = await secrets()
    return last
  }
  return { secrets: load, last: () => last }
}

function toVerifyOptions(options: ReceiverOptions, now: () => number): VerifyOptions {
  const { static: fixed, dynamic, toleranceSeconds, fetch } = options
  const { jwks = GOOGLE_JWKS_URL, jwt, allowEmulator } = dynamic ?? {}
  return {
    // An unset variable must not turn static webhooks off.
    ...(fixed && { secrets: fixed.secrets ?? [] }),
    ...(fixed?.format !== undefined && { format: fixed.format }),
    ...(dynamic && { jwks }),
    ...(jwt !== undefined && { jwt }),
    ...(allowEmulator !== undefined && { allowEmulator }),
    ...(fetch !== undefined && { fetch }),
    ...(toleranceSeconds !== undefined && { toleranceSeconds }),
    now,
  }
}
