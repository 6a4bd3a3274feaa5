import type { AdapterContract } from '@gwh/testing'
import { adapterContract } from '@gwh/testing'
import { CliError } from '../shared/cli-error.ts'

/** What became of one rule. */
export interface RuleResult {
  readonly rule: string
  readonly passed: boolean
  readonly durationMs: number
  /** What the receiver did instead. */
  readonly message?: string
}

/** Which rules to examine. */
export interface Selection {
  /** Only rules whose title contains this. */
  readonly only?: string
  /** No rules whose title contains one of these. */
  readonly skip?: readonly string[]
}

// Rules that wait for a body timeout take most of the time, and do nothing meanwhile.
const AT_ONCE = 4

/** Examines a receiver, rule by rule; the results are in the order of the contract. */
export async function runContract(
  contract: AdapterContract,
  { only = '', skip = [] }: Selection,
): Promise<RuleResult[]> {
  const rules: { rule: string; run: () => Promise<void> }[] = []
  adapterContract((rule, run) => rules.push({ rule, run }), contract)
  const chosen = rules.filter(({ rule }) => rule.includes(only) && !skip.some((text) => rule.includes(text)))
  if (chosen.length === 0) throw new CliError('usage', 'no rule has such a title')
  const results: RuleResult[] = []
  const pending = chosen.entries()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [index, { rule, run }] of pending) {
        results[index] = await examine(rule, run)
      }
    }),
  )
  return results
}

async function examine(rule: string, run: () => Promise<void>): Promise<RuleResult> {
  const startedAt = performance.now()
  const message = await run().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  const durationMs = Math.round(performance.now() - startedAt)
  return { rule, passed: message === undefined, durationMs, ...(message !== undefined && { message }) }
}
