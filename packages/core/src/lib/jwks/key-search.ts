import type { MaybePromise } from '../shared/maybe-promise.ts'
import { type Source, searchSource } from '../shared/refreshable.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import type { Jwks } from './jwks.ts'
import type { KeySet } from './key-set.ts'

/**
 * Searches the cached keys, then newer ones if none matches, because keys may have been rotated.
 *
 * @param cachedOnly Search the cached keys only; never fetch
 */
export function searchKeys(
  jwks: Jwks,
  search: (keySet: KeySet) => MaybePromise<string | undefined>,
  cachedOnly: boolean,
): MaybePromise<string | undefined | Refusal> {
  return searchSource(toSource(jwks), search, cachedOnly, () =>
    refuse('jwks_unavailable', jwks.problem ?? 'the public keys could not be fetched'),
  )
}

function toSource(jwks: Jwks): Source<KeySet> {
  return {
    current: () => jwks.current(),
    get: () => jwks.keys(),
    async newer(known) {
      // The result does not matter, because another delivery may have fetched since `known` was read.
      await jwks.reload()
      const newer = await jwks.keys()
      return newer === known ? undefined : newer
    },
  }
}
