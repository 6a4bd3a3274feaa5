import { readThrown } from '../shared/thrown.ts'
import type { FailedAttempt, RecordedError } from './delivery-record.ts'

const MOST_ATTEMPTS = 10

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

function toRecordedError(error: unknown, withStack: boolean): RecordedError {
  const { stack, ...texts } = readThrown(error)
  return { ...texts, ...(withStack && stack !== undefined && { stack }) }
}

function withoutStack({ error, ...failed }: FailedAttempt): FailedAttempt {
  const { stack: _, ...rest } = error
  return { ...failed, error: rest }
}
