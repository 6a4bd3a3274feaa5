import { mapMaybe } from '../shared/maybe-promise.ts'
import { invalid } from '../shared/options.ts'
import type { Jwks } from './jwks.ts'
import { importKeys, type JsonWebKeySet, type KeySet, selectKeys } from './key-set.ts'

/**
 * A key set that never changes and is never fetched.
 *
 * The keys are copied: changing `document` afterwards has no effect.
 *
 * @param document The key set, with at least one usable public key
 * @throws WebhookConfigError `option_invalid` when it has no usable key
 */
export function createFixedJwks(document: JsonWebKeySet): Jwks {
  const selected = selectKeys(document)
  if (!selected) throw invalid('jwks has no usable public key')
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
