import type { AdapterException } from '@gwh/testing'
import type { SuiteResult } from '@gwh-test/support/suite'

/** The result of one row of the table. */
export interface RowResult extends SuiteResult {
  /** Cases that deviate as an exception describes; not among those that passed. */
  exceptions: number
}

/** The case that passes even with the canary, which shows that the server was reached. */
export const MUST_PASS = 'a good delivery is accepted'

/** Concurrent cases on one server: a case mostly waits, for a timeout or for a connection to close. */
export const AT_A_TIME = 24

/** How long an answer may take, in milliseconds: more than by default, because several servers share the machine. */
export const PATIENCE_MS = 10_000

/** Counts the examined cases that deviate as an exception describes apart from those that passed. */
export function countExcepted(
  { passed, failures }: SuiteResult,
  exceptions: readonly AdapterException[],
  examined: (title: string) => boolean,
): RowResult {
  const excepted = new Set(exceptions.flatMap(({ cases }) => cases).filter(examined))
  const broken = failures.filter(({ title }) => excepted.has(title)).length
  return { passed: passed - (excepted.size - broken), failures, exceptions: excepted.size - broken }
}
