import type { WebhookConfigError } from '../shared/errors.ts'
import { invalid } from '../shared/options.ts'
import { acceptsEmulator, checkKeySource } from './emulator.ts'
import type { Jwks } from './jwks.ts'
import { parseJwksUrl } from './jwks-url.ts'
import { type JsonWebKeySet, selectKeys } from './key-set.ts'

const NO_KEY = 'jwks has no usable public key'

/**
 * Checks keys as `createJwks` and `createFixedJwks` will, so that a mistake shows before their code is loaded. Unsafe
 * Ed25519 keys are found only then.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkGivenKeys(
  jwks: string | URL | JsonWebKeySet | Jwks,
  allowEmulator: true | undefined,
): void {
  const emulator = acceptsEmulator(allowEmulator)
  if (typeof jwks === 'string' || jwks instanceof URL) checkKeySource(parseJwksUrl(jwks), emulator)
  else if (!('reload' in jwks) && !selectKeys(jwks, emulator, () => true)) throw noKey(emulator)
}

/** Creates the error for a key set without a usable key. */
export function noKey(emulator: boolean): WebhookConfigError {
  return invalid(emulator ? NO_KEY : `${NO_KEY}; in production, the emulator's keys are not accepted`)
}
