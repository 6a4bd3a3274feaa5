import type { Jwks } from '../jwks/jwks.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { onDemand } from '../shared/on-demand.ts'
import type { Scheme, SchemeOptions } from './scheme.ts'
import type { SchemeSettings } from './settings.ts'

/** The schemes of dynamic webhooks, and their keys. */
export interface LazyDynamic {
  schemes: Scheme[]
  /** Loads the code if necessary, and returns the cache of the keys. Throws or rejects if the keys are wrong. */
  jwks(): MaybePromise<Jwks>
}

/**
 * Creates the schemes of dynamic webhooks. Their code is loaded with the first delivery that has a signature for one, so
 * that code for static webhooks stays small.
 *
 * @param options Must have `jwks`
 */
export function createLazyDynamic(
  options: SchemeOptions,
  toleranceSeconds: number,
  settings: SchemeSettings,
): LazyDynamic {
  const load = onDemand(
    () => import('./dynamic-schemes.ts'),
    ({ createDynamicSchemes }) => createDynamicSchemes(options, toleranceSeconds, settings),
  )
  const toScheme = (entries: Scheme['entries'], index: number): Scheme => ({
    entries,
    verify: (...delivery) => mapMaybe(load(), ({ schemes }) => schemes[index]!.verify(...delivery)),
    load: () => mapMaybe(load(), ({ schemes }) => schemes[index]!.load?.()),
  })
  return {
    schemes: (options.jwt ? (['v1a', 'jwt'] as const) : (['v1a'] as const)).map(toScheme),
    jwks: () => mapMaybe(load(), ({ jwks }) => jwks),
  }
}
