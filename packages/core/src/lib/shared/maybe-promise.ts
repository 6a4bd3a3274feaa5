/** A value that is there at once where the runtime has a synchronous primitive, and later where it has not. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on with a value now if it is there, and when it is there otherwise. */
export function mapMaybe<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** All values, at once if every one is there. */
export function allMaybe<T>(values: readonly MaybePromise<T>[]): MaybePromise<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[])
}

/** The first item that matches, asking one after the other. */
export function findMaybe<T>(
  items: readonly T[],
  matches: (item: T) => MaybePromise<boolean>,
  from = 0,
): MaybePromise<T | undefined> {
  if (from >= items.length) return undefined
  const item = items[from]!
  return mapMaybe(matches(item), (matched) => (matched ? item : findMaybe(items, matches, from + 1)))
}
