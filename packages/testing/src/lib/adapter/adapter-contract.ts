import type { RegisterTest } from '../shared/register-test.ts'
import { type DefineAdapterRule, withAdapterHarness } from './adapter-harness.ts'
import type { AdapterContract } from './contract.ts'
import { withExceptions } from './exceptions.ts'
import { defineAnswerRules, defineDynamicRules } from './rules-answers.ts'
import { defineBodyRules } from './rules-bodies.ts'
import { defineConnectionRules } from './rules-connections.ts'
import { defineInlineRules, defineQueueRules } from './rules-handlers.ts'
import { defineRawRules } from './rules-raw.ts'

/**
 * Registers one test for each rule on what a sender sees of a receiver that listens for HTTP.
 *
 * The tests use TCP and real time: the suite takes a few seconds, most of them waiting for body timeouts of
 * the receiver. They do not depend on each other and may run in parallel. The receiver needs the handlers of
 * `contractHandlers`; `createContractReceiver` makes one that fits the defaults.
 *
 * @throws TypeError When an exception names no case, or no reason
 * @example
 * ```ts
 * const server = http.createServer(myAdapter(createContractReceiver(), '/webhooks')).listen(3000)
 * adapterContract(test, { url: 'http://127.0.0.1:3000/webhooks' })
 * ```
 */
export function adapterContract(test: RegisterTest, contract: AdapterContract): void {
  const { register, check } = withExceptions(test, contract.exceptions ?? [])
  const define: DefineAdapterRule = (title, run) => register(title, () => withAdapterHarness(contract, run))
  defineAnswerRules(define)
  if (contract.dynamic !== false) defineDynamicRules(define)
  defineBodyRules(define)
  if (contract.mode === 'queue') defineQueueRules(define)
  else if (contract.mode !== 'unknown') defineInlineRules(define)
  defineConnectionRules(define)
  defineRawRules(define)
  check()
}
