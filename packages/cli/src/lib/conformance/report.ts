import { dim, green, red } from '../shared/paint.ts'
import { printable } from '../shared/printable.ts'
import type { Terminal } from '../shared/terminal.ts'
import type { RuleResult } from './run.ts'
import { countServerRules } from './server-rules.ts'

/** The forms of a report. */
export const FORMATS = ['text', 'json', 'junit'] as const

/** One of them. */
export type Format = (typeof FORMATS)[number]

/** Prints a report. */
export function printReport(
  terminal: Terminal,
  format: Format,
  url: string,
  results: readonly RuleResult[],
): void {
  if (format === 'json') terminal.json({ url, ...count(results), results })
  else if (format === 'junit') terminal.lines(toJunit(url, results))
  else printText(terminal, results)
}

function count(results: readonly RuleResult[]) {
  const failed = results.filter(({ passed }) => !passed).length
  return { rules: results.length, passed: results.length - failed, failed }
}

function printText(terminal: Terminal, results: readonly RuleResult[]): void {
  for (const { rule, passed, message } of results) {
    terminal.out(passed ? green('ok  ') : red('FAIL'), ` ${rule}`)
    if (message !== undefined) terminal.out(dim(`     ${message}`))
  }
  const { rules, passed, failed } = count(results)
  terminal.out(`${rules} rules: ${passed} kept, ${failed} broken`)
  const byNode = countServerRules(results)
  if (byNode === 0) return
  terminal.note(`${byNode} of the broken rules depend on the HTTP server: the one of Node breaks them too.`)
  terminal.note('Does the receiver run on Node? With --server node, these differences are accepted.')
}

/** @see https://github.com/testmoapp/junitxml */
function toJunit(url: string, results: readonly RuleResult[]): string {
  const cases = results.map(({ rule, durationMs, message }) => {
    const head = `    <testcase classname="gwh conformance" name="${escapeXml(rule)}" time="${durationMs / 1000}"`
    return message === undefined
      ? `${head}/>`
      : `${head}><failure message="${escapeXml(message)}"/></testcase>`
  })
  const { rules, failed } = count(results)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${escapeXml(url)}" tests="${rules}" failures="${failed}">
${cases.join('\n')}
  </testsuite>
</testsuites>`
}

function escapeXml(text: string): string {
  return printable(text).replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
