import type { MaybePromise } from './maybe-promise.ts'

/**
 * Returns a function that returns what is created from a module, which is loaded with the first call.
 *
 * Concurrent first calls share what is created first, but not the promise: on Cloudflare Workers a promise of another
 * request may never settle. A failed load is tried again with the next call.
 */
export function onDemand<M, T extends object>(
  load: () => Promise<M>,
  create: (module: M) => T,
): () => MaybePromise<T> {
  let created: T | undefined
  return () =>
    created ??
    load().then((module) => {
      created ??= create(module)
      return created
    })
}
