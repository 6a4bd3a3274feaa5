import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock, LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import type { Job, KeepJobs } from 'bullmq'
import type { DeliveryBackend } from './backend.ts'
import { toBuriedFields, toFailedReason } from './dead-reason.ts'
import { toErasedData } from './job-data.ts'
import { isLeaseLost } from './redis-errors.ts'

/** A job that is active and locked by this process. */
export interface LockedJob {
  job: Job
  /** Proof of the lock. */
  token: string
  backend: DeliveryBackend
  /** How long the lock lasts unless renewed, in milliseconds. */
  leaseMs: number
  /** How long BullMQ keeps dead letters. */
  keepDead: KeepJobs
  /** How long BullMQ keeps handled deliveries. */
  keepDone: KeepJobs
  clock: Clock
}

/** The storage of one delivery, as core's engine sees it while it tries that delivery. */
export interface OneDelivery extends QueueStorage {
  /** Whether the engine took the delivery. */
  readonly taken: boolean
}

/**
 * Presents one locked job as a storage, so that core's engine tries it by the same rules as any other delivery.
 *
 * Every write names the lock and is refused once another worker has it. BullMQ decides who tries what and when.
 *
 * @param cause What the handler threw, for dashboards
 */
export function createOneDelivery(
  locked: LockedJob,
  leased: LeasedDelivery,
  cause: () => unknown,
): OneDelivery {
  const { job, token, backend, clock } = locked
  const id = job.id ?? ''
  let taken = false
  return {
    get taken() {
      return taken
    },
    async claim() {
      if (taken) return []
      taken = true
      return [leased]
    },
    renew: () => renew(locked),
    complete: (_, now) =>
      fenced(backend.completeErased(job, token, now, toErasedData(leased.message), locked.keepDone)),
    retry(_, dueAt) {
      const fieldsToUpdate = { failedReason: toFailedReason('attempts', cause()) }
      const waitMs = Math.max(1, dueAt - clock.now())
      return fenced(backend.moveToDelayed(id, Date.now(), waitMs, token, { fieldsToUpdate }))
    },
    deadLetter(_, reason) {
      const failedReason = toFailedReason(reason, cause())
      const fields = toBuriedFields(leased.attempt)
      return fenced(backend.moveToFailed(job, failedReason, locked.keepDead, token, false, fields))
    },
    nextDueAt: unused,
    insert: unused,
    stats: unused,
    listDead: unused,
    redrive: unused,
    purgeDead: unused,
    close: unused,
  }
}

/** Extends the lock; a patient client that cannot send must not make the engine wait past the next renewal. */
async function renew({ job, token, backend, leaseMs, clock }: LockedJob): Promise<boolean> {
  const { promise, reject } = Promise.withResolvers<never>()
  const giveUp = () =>
    reject(new WebhookUnavailableError('store_unavailable', 'the lock was not renewed in time'))
  const cancel = clock.schedule(giveUp, Math.ceil(leaseMs / 3))
  const extended = backend.extendLock(job.id ?? '', token, leaseMs)
  try {
    return (await Promise.race([extended, promise])) === 1
  } finally {
    cancel()
  }
}

/** Waits for a write; `false` when the lock it names was lost. */
export async function fenced(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isLeaseLost(error)) return false
    throw error
  }
}

function unused(): Promise<never> {
  return Promise.reject(
    new WebhookError('internal', 'the storage of one delivery only settles that delivery'),
  )
}
