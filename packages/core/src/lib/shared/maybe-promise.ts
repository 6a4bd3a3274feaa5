/** A value, or a promise of it on runtimes whose cryptography is asynchronous. */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` with the value: synchronously if it is not a promise, otherwise when it resolves. */
export function mapMaybe<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Like `Promise.all`, but synchronous if no value is a promise. */
export function allMaybe<T>(values: readonly MaybePromise<T>[]): MaybePromise<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[])
}

/** Returns the first item that matches, checking one at a time. Synchronous if every check is. */
export function findMaybe<T>(
  items: readonly T[],
  matches: (item: T) => MaybePromise<boolean>,
  from = 0,
): MaybePromise<T | undefined> {
  if (from >= items.length) return undefined
  const item = items[from]!
  return mapMaybe(matches(item), (matched) => (matched ? item : findMaybe(items, matches, from + 1)))
}
