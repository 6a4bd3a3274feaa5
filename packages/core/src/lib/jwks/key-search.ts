import type { MaybePromise } from '../shared/maybe-promise.ts'
import { type Source, searchSource } from '../shared/refreshable.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import type { Jwks } from './jwks.ts'
import type { KeySet } from './key-set.ts'

/**
 * Searches the cached keys, and newer ones if none matches: keys may have been rotated since.
 *
 * @param cachedOnly Search what is cached; never fetch
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
      // Whether this call fetches does not matter: another delivery may have done so since `known` was read.
      await jwks.reload()
      const newer = await jwks.keys()
      return newer === known ? undefined : newer
    },
  }
}
