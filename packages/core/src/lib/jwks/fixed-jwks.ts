import { mapMaybe } from '../shared/maybe-promise.ts'
import { acceptsEmulator } from './emulator.ts'
import { noKey } from './given-keys.ts'
import { importKeys, selectSafeKeys } from './import-keys.ts'
import type { Jwks } from './jwks.ts'
import type { JsonWebKeySet, KeySet } from './key-set.ts'

/**
 * Creates a key set that is never fetched and never changes.
 *
 * The keys are copied: changing `document` afterwards has no effect.
 *
 * @param document The key set, with at least one usable public key
 * @param options.allowEmulator Accept the emulator's keys although `NODE_ENV` is `production`
 * @throws WebhookConfigError `option_invalid` if it has no usable key
 */
export function createFixedJwks(document: JsonWebKeySet, options: { allowEmulator?: true } = {}): Jwks {
  const emulator = acceptsEmulator(options.allowEmulator)
  const selected = selectSafeKeys(document, emulator)
  if (!selected) throw noKey(emulator)
  let imported: KeySet | undefined
  const ready = mapMaybe(importKeys(selected), (keySet) => {
    imported = keySet
    return keySet
  })
  return {
    fresh: true,
    coolingDown: false,
    reloading: false,
    problem: undefined,
    keys: () => ready,
    current: () => imported,
    reload: async () => false,
    snapshot: () => undefined,
  }
}
