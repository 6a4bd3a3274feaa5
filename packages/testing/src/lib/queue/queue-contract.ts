import type { RegisterTest } from '../shared/register-test.ts'
import { type DefineRule, type QueueContract, withQueueHarness } from './queue-harness.ts'
import { defineDeadLetterRules } from './queue-rules-dead-letters.ts'
import { defineEnqueueRules } from './queue-rules-enqueue.ts'
import { defineRecordRules } from './queue-rules-records.ts'
import { defineReplayRules } from './queue-rules-replay.ts'
import { defineRestartRules } from './queue-rules-restart.ts'
import { defineRetryRules } from './queue-rules-retry.ts'
import { defineWorkerRules } from './queue-rules-worker.ts'

/**
 * Registers one test for each rule of the `DeliveryQueue` contract.
 *
 * The tests move a fake clock and never wait for real time, so the queue must take all its time from `clock`.
 *
 * @example
 * ```ts
 * queueContract(test, { create: (clock) => createMemoryQueue({ clock }) })
 * ```
 */
export function queueContract(test: RegisterTest, contract: QueueContract): void {
  const define: DefineRule = (title, run) => {
    test(title, () => withQueueHarness(contract, run))
  }
  defineEnqueueRules(define)
  defineWorkerRules(define)
  defineRetryRules(define)
  defineDeadLetterRules(define)
  if (contract.reopen) defineRestartRules(define)
  defineRecordRules(define)
  const { createRetaining } = contract
  if (createRetaining) {
    defineReplayRules((title, run) => {
      test(title, () => withQueueHarness({ create: createRetaining }, run))
    })
  }
}
