import { createDynamicSchemes } from '../schemes/dynamic-schemes.ts'
import { createStaticSchemes } from '../schemes/scheme.ts'
import type { SchemeSettings } from '../schemes/settings.ts'
import { systemClock } from '../shared/clock.ts'
import type { Verification } from './verify.ts'
import { checkVerifyOptions, type VerifyOptions } from './verify-options.ts'

/**
 * Checks the options and imports the keys, for verifying many deliveries.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function prepareVerification(
  options: VerifyOptions,
  settings: SchemeSettings = { clock: systemClock, warn: () => {} },
): Verification {
  const toleranceSeconds = checkVerifyOptions(options, 'verification')
  const fixed = createStaticSchemes(options, settings)
  const schemes =
    options.jwks === undefined
      ? fixed
      : [...fixed, ...createDynamicSchemes(options, toleranceSeconds, settings).schemes]
  return { schemes, toleranceSeconds, now: options.now ?? Date.now }
}
