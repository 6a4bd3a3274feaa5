import { chain, type Eventually } from '../shared/maybe-promise.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import type { Jwks } from './jwks.ts'
import type { KeySet } from './key-set.ts'

/**
 * Looks for a key among the cached ones, and once more among newer ones: keys may have been rotated since.
 *
 * @param passive Look at what is cached only; never fetch
 */
export function searchKeys(
  jwks: Jwks,
  search: (keySet: KeySet) => Eventually<string | undefined>,
  passive: boolean,
): Eventually<string | undefined | Refusal> {
  return chain(passive ? jwks.current() : jwks.keys(), (keySet) => {
    if (!keySet) return refuse('jwks_unavailable', 'the public keys could not be fetched')
    return chain(search(keySet), (found) =>
      found !== undefined || passive ? found : searchNewer(jwks, keySet, search),
    )
  })
}

async function searchNewer(
  jwks: Jwks,
  known: KeySet,
  search: (keySet: KeySet) => Eventually<string | undefined>,
): Promise<string | undefined> {
  // Whether it fetched does not matter: another delivery may have done so since `known` was read.
  await jwks.reload()
  const newer = await jwks.keys()
  return newer && newer !== known ? await search(newer) : undefined
}
