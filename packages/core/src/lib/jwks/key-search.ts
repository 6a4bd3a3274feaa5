import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
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
  return mapMaybe(cachedOnly ? jwks.current() : jwks.keys(), (keySet) => {
    if (!keySet) return refuse('jwks_unavailable', jwks.problem ?? 'the public keys could not be fetched')
    return mapMaybe(search(keySet), (found) =>
      found !== undefined || cachedOnly ? found : searchNewer(jwks, keySet, search),
    )
  })
}

async function searchNewer(
  jwks: Jwks,
  known: KeySet,
  search: (keySet: KeySet) => MaybePromise<string | undefined>,
): Promise<string | undefined> {
  // Whether this call fetched does not matter: another delivery may have done so since `known` was read.
  await jwks.reload()
  const newer = await jwks.keys()
  return newer && newer !== known ? await search(newer) : undefined
}
