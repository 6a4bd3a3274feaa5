import { ContractViolation } from '../shared/assert.ts'
import type { RegisterTest } from '../shared/register-test.ts'
import type { AdapterException } from './contract.ts'

/**
 * Registers tests so that the named ones must fail as their exception says.
 *
 * @returns `register`, and `check` to call when all tests are registered
 */
export function withExceptions(test: RegisterTest, exceptions: readonly AdapterException[]) {
  const byCase = new Map(
    exceptions.flatMap((exception) => exception.cases.map((title) => [title, exception])),
  )
  const titles = new Set<string>()
  return {
    register(title: string, run: () => Promise<void>): void {
      if (titles.has(title)) throw new TypeError(`two cases are called "${title}"`)
      titles.add(title)
      const exception = byCase.get(title)
      test(title, exception ? () => expectViolation(run, exception) : run)
    },
    /** @throws TypeError for an exception without a reason, without effect, or for a case that does not exist */
    check(): void {
      for (const { cases, reason, instead } of exceptions) {
        if (reason.trim() === '' || instead === '')
          throw new TypeError(
            `the exception for "${cases.join('", "')}" must say why, and what happens instead`,
          )
        const unknown = cases.filter((title) => !titles.has(title))
        if (unknown.length > 0) throw new TypeError(`no case is called "${unknown.join('", "')}"`)
      }
      const named = exceptions.flatMap(({ cases }) => cases)
      const twice = named.filter((title, index) => named.indexOf(title) !== index)
      if (twice.length > 0) throw new TypeError(`two exceptions name "${twice.join('", "')}"`)
    },
  }
}

async function expectViolation(
  run: () => Promise<void>,
  { instead, reason }: AdapterException,
): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error instanceof ContractViolation && error.message.includes(instead)) return
    throw error
  }
  throw new ContractViolation(`the exception is stale, the case keeps the contract now: ${reason}`)
}
