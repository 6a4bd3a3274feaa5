import { createDynamicSchemes } from '../schemes/dynamic-schemes.ts'
import { createSchemes } from '../schemes/scheme.ts'
import type { ConfigWarning } from '../schemes/secrets.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'
import { VERIFY_NAMES, type Verifier, type VerifyOptions } from './verify.ts'

/**
 * Makes ready what verification needs, once for many deliveries.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createVerifier(options: VerifyOptions, warn?: (warning: ConfigWarning) => void): Verifier {
  checkNames(options, VERIFY_NAMES, 'verification')
  const toleranceSeconds = wholeNumber('toleranceSeconds', options.toleranceSeconds, 300)
  const schemes = createSchemes(options, toleranceSeconds, createDynamicSchemes, warn)
  return { schemes, toleranceSeconds, now: options.now ?? Date.now }
}
