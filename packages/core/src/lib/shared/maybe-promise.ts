/** A value, or a promise of it if something on the way to it is asynchronous. */
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

/**
 * Calls a task, then `next` with its value or `failed` with what it throws or rejects with. Synchronous if the task is.
 * What `next` throws does not reach `failed`.
 */
export function settleMaybe<T, U>(
  task: () => MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
  failed: (error: unknown) => MaybePromise<U>,
): MaybePromise<U> {
  let value: MaybePromise<T>
  try {
    value = task()
  } catch (error) {
    return failed(error)
  }
  return value instanceof Promise ? value.then(next, failed) : next(value)
}

/** Like `try { return task() } catch (error) { return failed(error) }`, but waits for a promise. */
export function tryMaybe<T>(
  task: () => MaybePromise<T>,
  failed: (error: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  return settleMaybe(task, (value) => value, failed)
}

/** Like `try { return task() } finally { done() }`, but waits for a promise. */
export function finallyMaybe<T>(task: () => MaybePromise<T>, done: () => void): MaybePromise<T> {
  return settleMaybe(
    task,
    (value) => {
      done()
      return value
    },
    (error) => {
      done()
      throw error
    },
  )
}

/** Turns what code of others returned into a promise if it is any kind of promise, and returns other values as they are. */
export function fromOthers<T>(value: T | PromiseLike<T>): MaybePromise<T> {
  if (!isThenable(value)) return value as T
  // What the `then` of any other promise returns cannot be relied on.
  return isOrdinary(value) ? value : new Promise((resolve) => resolve(value))
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function isOrdinary<T>(value: PromiseLike<T>): value is Promise<T> {
  return value instanceof Promise && value.constructor === Promise && !Object.hasOwn(value, 'then')
}
