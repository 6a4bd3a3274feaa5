import type { DatabaseSync } from 'node:sqlite'
import type { DeadReason, Effect, FailedAttempt, Lease, QueueStorage } from '@gwh/core/queue'
import { hashKey } from './delivery-row.ts'
import { type Completion, prepareCompletion } from './effects.ts'
import { changes, type StorageParts, settle } from './storage-parts.ts'

type Transitions = Pick<
  QueueStorage,
  'renew' | 'complete' | 'retry' | 'deadLetter' | 'redrive' | 'replay' | 'purgeDead'
>

/** The transitions of claimed and settled deliveries. */
export function createTransitions(database: DatabaseSync, parts: StorageParts): Transitions {
  const { group, statements, capacity, leases, waits } = parts
  return {
    renew: (lease, leaseUntil, now) =>
      group.write(() => {
        leases.note(leaseUntil - now)
        return settle(parts, lease, statements.renew, leaseUntil)
      }),
    complete: prepareComplete(database, parts),
    retry: (lease, dueAt, now, history) =>
      group.write(() => {
        waits.note(dueAt - now)
        const kept = settle(parts, lease, statements.retry, dueAt, toText(history))
        if (kept) capacity.waitingChanged(1)
        return kept
      }),
    deadLetter: (lease, reason: DeadReason, now, history) =>
      group.write(() => settle(parts, lease, statements.deadLetter, now, reason, toText(history))),
    redrive: (target, now) => group.write(() => redrive(parts, target, now)),
    replay: (keys, now) =>
      group.write(() => {
        const replayed = keys.reduce(
          (count, key) => count + changes(statements.replay, now, findKey(parts, key)),
          0,
        )
        capacity.waitingChanged(replayed)
        return replayed
      }),
    purgeDead: (olderThan) => group.write(() => changes(statements.purgeDead, olderThan)),
  }
}

function prepareComplete(database: DatabaseSync, parts: StorageParts) {
  const { group, statements, retainsBodies } = parts
  const completion = prepareCompletion(database)
  const statement = retainsBodies ? statements.completeRetained : statements.complete
  return async (lease: Lease, now: number, effects: readonly Effect[] = []): Promise<boolean> => {
    const update = () => settle(parts, lease, statement, now)
    const outcome: Completion = await group.write(() => completion(update, effects))
    if ('failure' in outcome) throw outcome.failure
    return outcome.kept
  }
}

function redrive(parts: StorageParts, target: string, now: number): number {
  const { statements, capacity } = parts
  const seq = findKey(parts, target)
  let redriven: number
  if (target === 'all') redriven = changes(statements.redriveAll, now)
  else if (seq === null) redriven = changes(statements.redriveById, now, target)
  else redriven = changes(statements.redrive, now, seq)
  capacity.waitingChanged(redriven)
  return redriven
}

function findKey({ keys }: StorageParts, key: string): number | null {
  return keys.find(hashKey(key), key) ?? null
}

function toText(history: readonly FailedAttempt[] | undefined): string | null {
  return history === undefined ? null : JSON.stringify(history)
}
