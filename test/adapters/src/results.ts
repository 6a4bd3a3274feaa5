import type { AdapterException } from '@gwh/testing'
import type { SuiteResult } from '@gwh-test/support/suite'

/** What became of one row of the table. */
export interface RowResult extends SuiteResult {
  exceptions: number
}

/** What a canary keeps too; that it does shows that it was reached. */
export const MUST_PASS = 'a good delivery is accepted'

/** Counts the cases that were kept otherwise, as an exception says, apart from those that passed. */
export function countExcepted(
  { passed, failures }: SuiteResult,
  exceptions: readonly AdapterException[],
): RowResult {
  const excepted = new Set(exceptions.flatMap(({ cases }) => cases))
  const broken = failures.filter(({ title }) => excepted.has(title)).length
  return { passed: passed - (excepted.size - broken), failures, exceptions: excepted.size - broken }
}
