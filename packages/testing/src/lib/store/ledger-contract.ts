import type { RegisterTest } from '../shared/register-test.ts'
import { type Define, type LedgerContract, withHarness } from './ledger-harness.ts'
import { defineClocks } from './ledger-rules-clock.ts'
import { defineExpiry, defineHandling, defineRestart } from './ledger-rules-handling.ts'
import { defineGivingUp, defineJobs, defineTaking } from './ledger-rules-jobs.ts'
import { defineRandom } from './ledger-rules-random.ts'

export type { LedgerContract } from './ledger-harness.ts'

/**
 * Registers one test for each rule of the `JobLedger` contract.
 *
 * @example
 * ```ts
 * ledgerContract(test, { create: createMemoryLedger })
 * ```
 */
export function ledgerContract(test: RegisterTest, contract: LedgerContract): void {
  const define: Define = (title, run) => test(title, () => withHarness(contract, run))
  defineJobs(define)
  defineGivingUp(define)
  defineTaking(define)
  defineClocks(define)
  defineHandling(define)
  defineRandom(define)
  defineExpiry(define)
  if (contract.reopen) defineRestart(define)
}
