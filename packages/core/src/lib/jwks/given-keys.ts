import { invalid } from '../shared/options.ts'
import { acceptsEmulator, checkKeySource } from './emulator.ts'
import type { Jwks } from './jwks.ts'
import { parseJwksUrl } from './jwks-url.ts'
import { type JsonWebKeySet, type SelectedKeys, selectKeys } from './key-set.ts'

const NO_KEY = 'jwks has no usable public key'

/**
 * Checks keys as `createJwks` and `createFixedJwks` will, so that a mistake shows before their code is loaded.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkGivenKeys(
  jwks: string | URL | JsonWebKeySet | Jwks,
  allowEmulator: true | undefined,
): void {
  const emulator = acceptsEmulator(allowEmulator)
  if (typeof jwks === 'string' || jwks instanceof URL) checkKeySource(parseJwksUrl(jwks), emulator)
  else if (!('reload' in jwks)) selectGivenKeys(jwks, emulator)
}

/**
 * Selects the usable keys of a key set that never changes.
 *
 * @throws WebhookConfigError `option_invalid` if there are none
 */
export function selectGivenKeys(document: JsonWebKeySet, emulator: boolean): SelectedKeys {
  const selected = selectKeys(document, emulator)
  if (selected) return selected
  throw invalid(emulator ? NO_KEY : `${NO_KEY}; in production, the emulator's keys are not accepted`)
}
