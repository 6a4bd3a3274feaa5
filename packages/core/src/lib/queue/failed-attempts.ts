import type { FailedAttempt, RecordedError } from './delivery-record.ts'

const MOST_ATTEMPTS = 10
const NAME_LENGTH = 100
const MESSAGE_LENGTH = 1_000
const STACK_LENGTH = 4_000

/**
 * Adds a failed attempt to the history of a delivery and keeps the last 10.
 *
 * Only the last error keeps its stack, because stacks are long.
 *
 * @param withStack Whether to keep the stack of the new error
 */
export function addFailedAttempt(
  history: readonly FailedAttempt[],
  failed: { attempt: number; failedAt: number; error: unknown },
  withStack: boolean,
): FailedAttempt[] {
  const earlier = history.slice(1 - MOST_ATTEMPTS).map(withoutStack)
  return [...earlier, { ...failed, error: toRecordedError(failed.error, withStack) }]
}

/** Converts any thrown value to an error record with truncated texts. Never throws. */
export function toRecordedError(error: unknown, withStack: boolean): RecordedError {
  const { name, message, code, stack } = readFields(error)
  return {
    name: cut(name, NAME_LENGTH),
    message: cut(message, MESSAGE_LENGTH),
    ...(code !== undefined && { code: cut(code, NAME_LENGTH) }),
    ...(withStack && stack !== undefined && { stack: cut(stack, STACK_LENGTH) }),
  }
}

interface ErrorFields {
  name: string
  message: string
  code?: string
  stack?: string
}

// Handlers may throw anything, including objects whose getters throw.
function readFields(error: unknown): ErrorFields {
  try {
    if (!(error instanceof Error)) return { name: typeof error, message: String(error) }
    const { code } = error as { code?: unknown }
    const hasCode = typeof code === 'string' || typeof code === 'number'
    return {
      name: String(error.name),
      message: String(error.message),
      ...(hasCode && { code: String(code) }),
      ...(error.stack && { stack: String(error.stack) }),
    }
  } catch {
    return { name: 'unknown', message: 'the error could not be read' }
  }
}

function cut(text: string, length: number): string {
  // Truncation may split a surrogate pair, which not every storage can store.
  return (text.length > length ? `${text.slice(0, length - 1)}…` : text).toWellFormed()
}

function withoutStack({ error, ...failed }: FailedAttempt): FailedAttempt {
  const { stack: _, ...rest } = error
  return { ...failed, error: rest }
}
