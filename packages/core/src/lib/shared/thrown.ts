/** A class, for `isInstance`. */
type Class<T> = abstract new (...args: never) => T

/**
 * Whether a value is an instance of a class, for values that handlers and other foreign code throw. Unlike `instanceof`
 * it never throws, not even for a proxy whose traps do.
 */
export function isInstance<T>(value: unknown, of: Class<T>): value is T {
  try {
    return value instanceof of
  } catch {
    return false
  }
}

/** The texts of a thrown value, cut to a length that can be logged and stored. */
export interface ThrownTexts {
  /** The name of an error, or the type of any other value. At most 100 characters. */
  name: string
  /** At most 1,000 characters. */
  message: string
  /** At most 100 characters. */
  code?: string
  /** At most 4,000 characters. */
  stack?: string
}

const NAME_LENGTH = 100
const MESSAGE_LENGTH = 1_000
const STACK_LENGTH = 4_000

/** Reads the texts of any thrown value. Never throws: handlers may throw objects whose getters do. */
export function readThrown(thrown: unknown): ThrownTexts {
  try {
    if (!(thrown instanceof Error)) return { name: typeof thrown, message: cutMessage(String(thrown)) }
    const { code } = thrown as { code?: unknown }
    const hasCode = typeof code === 'string' || typeof code === 'number'
    return {
      name: cut(String(thrown.name), NAME_LENGTH),
      message: cutMessage(String(thrown.message)),
      ...(hasCode && { code: cut(String(code), NAME_LENGTH) }),
      ...(thrown.stack && { stack: cut(String(thrown.stack), STACK_LENGTH) }),
    }
  } catch {
    return { name: 'unknown', message: 'the error could not be read' }
  }
}

/** Cuts a message to 1,000 characters. */
export function cutMessage(text: string): string {
  return cut(text, MESSAGE_LENGTH)
}

function cut(text: string, length: number): string {
  // Cutting may split a surrogate pair, which not every storage can store.
  return (text.length > length ? `${text.slice(0, length - 1)}…` : text).toWellFormed()
}
