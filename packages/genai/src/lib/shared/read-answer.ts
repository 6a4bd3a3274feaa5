import { toCause } from '@gwh/core/errors'
import { ResultUnavailableError } from './errors.ts'

// The SDK resolves for it only. It tells a malformed answer from an API that cannot be reached.
const ANSWERED = 200

/**
 * Reads an answer of the API whose members may be anything, whatever their types say.
 *
 * @param what What is read, for the message
 * @throws ResultUnavailableError `result_unavailable` if reading throws, for a member that is `null` for instance
 */
export function readAnswer<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ResultUnavailableError(
      `${what} could not be read: the answer of the API is malformed`,
      ANSWERED,
      {
        cause: toCause(error),
      },
    )
  }
}

/** Returns a text of an answer, or `undefined` if it is missing. */
export function toText(value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined
  throw new TypeError(`a text was expected, not a ${typeof value}`)
}

/** Returns a list of an answer, empty if it is missing. */
export function toList<T>(value: readonly T[] | null | undefined): readonly T[] {
  if (value === undefined || value === null || Array.isArray(value)) return value ?? []
  throw new TypeError(`a list was expected, not a ${typeof value}`)
}
