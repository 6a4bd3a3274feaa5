import { WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock, LeasedDelivery, QueuedDelivery, Settlement } from '@gwh/core/queue'
import type { Job } from 'bullmq'
import { toDeadFields, toFailedReason, toRetryFields } from '../job/dead-reason.ts'
import { toErasedData } from '../job/job-data.ts'
import { isLeaseLost, onRedis, toUnavailable } from '../redis/redis-errors.ts'
import type { QueueTime } from '../redis/redis-time.ts'
import type { KeepFor } from '../settings/retention.ts'
import type { DeliveryBackend } from './backend.ts'

/** A job that is active and locked by this process. */
export interface LockedJob {
  job: Job
  /** Proof of the lock. */
  token: string
  backend: DeliveryBackend
  /** How long the lock lasts unless it is renewed, in milliseconds. */
  leaseMs: number
  /** How long BullMQ keeps dead letters. */
  keepDead: KeepFor
  /** How long BullMQ keeps handled deliveries. */
  keepDone: KeepFor
  /** How long the body of a handled delivery is kept, in milliseconds; `undefined` erases it at once. */
  retainMs: number | undefined
  clock: Clock
  time: QueueTime
}

/**
 * Settles a locked job by the rules of core's `tryDelivery`.
 *
 * Every write names the lock and is refused once another worker has it. BullMQ decides which worker gets which job.
 */
export function createJobSettlement(locked: LockedJob, leased: LeasedDelivery): Settlement {
  const { job, token, backend, time } = locked
  const id = job.id ?? ''
  return {
    renew: () => renew(locked),
    async complete() {
      const [now, { message }] = [time.now(), leased]
      await keepBodyOf(locked, message, now)
      return await fenced(backend.completeErased(job, token, now, toErasedData(message), locked.keepDone))
    },
    retry(_, dueAt, now, history) {
      const fieldsToUpdate = toRetryFields(job, history)
      const waitMs = Math.max(1, dueAt - now)
      return fenced(backend.moveToDelayed(id, time.now(), waitMs, token, { fieldsToUpdate }))
    },
    async deadLetter(_, reason, _processTime, history) {
      const failedReason = toFailedReason(reason, history?.at(-1)?.error)
      const fields = toDeadFields(job, leased.attempt, history)
      const kept = await fenced(
        backend.failPermanently(job, token, time.now(), failedReason, locked.keepDead, fields),
      )
      // Without the index, the dead letter is still found by its key.
      if (kept) await backend.keepIndexed(leased.message.id, locked.keepDead.age).catch(() => {})
      return kept
    },
  }
}

/** Keeps the body, for `replay`, before the completion erases it. It expires by itself if the completion fails. */
async function keepBodyOf({ job, backend, retainMs }: LockedJob, { body }: QueuedDelivery, now: number) {
  if (retainMs === undefined) return
  await onRedis('keep the body of a delivery', () => backend.keepBody(job.id ?? '', body, now, retainMs))
}

/** Extends the lock; gives up when the next renewal is due, because a patient client waits for Redis forever. */
async function renew({ job, token, backend, leaseMs, clock }: LockedJob): Promise<boolean> {
  const { promise, reject } = Promise.withResolvers<never>()
  const giveUp = () =>
    reject(new WebhookUnavailableError('store_unavailable', 'the lock was not renewed in time'))
  const cancel = clock.schedule(giveUp, Math.ceil(leaseMs / 3))
  const renewed = backend.renewLock(job, token, leaseMs)
  try {
    return await Promise.race([renewed, promise])
  } finally {
    cancel()
  }
}

/**
 * Waits for a write; `false` when the lock it names was lost.
 *
 * @throws WebhookUnavailableError `store_unavailable`, so that core does not treat it as an error of the handler
 */
export async function fenced(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isLeaseLost(error)) return false
    throw toUnavailable(error, 'settle a delivery')
  }
}
