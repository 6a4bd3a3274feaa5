/** A value that is there at once where the runtime has a synchronous primitive, and later where it has not. */
export type Eventually<T> = T | Promise<T>

/** Goes on with a value now if it is there, and when it is there otherwise. */
export function chain<T, U>(value: Eventually<T>, next: (value: T) => Eventually<U>): Eventually<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** All values, at once if every one is there. */
export function all<T>(values: readonly Eventually<T>[]): Eventually<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[])
}

/** The first item that matches, asking one after the other. */
export function find<T>(
  items: readonly T[],
  matches: (item: T) => Eventually<boolean>,
  from = 0,
): Eventually<T | undefined> {
  if (from >= items.length) return undefined
  const item = items[from]!
  return chain(matches(item), (matched) => (matched ? item : find(items, matches, from + 1)))
}
