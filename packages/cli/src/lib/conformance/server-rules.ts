import { type AdapterException, NODE_HTTP_EXCEPTIONS } from '@gwh/testing'
import type { RuleResult } from './run.ts'

/** What Node's HTTP server does differently, as a receiver shows it whose answers count by their bodies or not. */
export function nodeExceptions(answers: 'exact' | 'status'): readonly AdapterException[] {
  if (answers === 'exact') return NODE_HTTP_EXCEPTIONS
  // A duplicate has the status of what is accepted.
  return NODE_HTTP_EXCEPTIONS.map(({ instead, ...rest }) => ({
    ...rest,
    instead: instead.replace('"duplicate"', '"accepted"'),
  }))
}

/** Counts the broken rules that Node's HTTP server breaks in the same way, whatever the receiver does. */
export function countServerRules(results: readonly RuleResult[]): number {
  const exceptions = [...nodeExceptions('exact'), ...nodeExceptions('status')]
  return results.filter(({ rule, message }) =>
    exceptions.some(({ cases, instead }) => cases.includes(rule) && message?.includes(instead) === true),
  ).length
}
