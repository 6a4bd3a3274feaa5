import type { Receiver } from '@gwh/core'
import { PermanentError, WebhookError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import type { JobLedger } from '@gwh/core/store'
import { toEnding, toHandlingKey } from './endings.ts'
import type { JobsSignal } from './signals.ts'

/** What a guard is built from. */
export interface GuardOptions {
  receiver: Pick<Receiver, 'use' | 'endpoint'>
  ledger: JobLedger
  /** How long the ledger remembers a job after its end, and that an event was handled, in milliseconds. */
  retentionMs: number
  /** How long a source that does not answer keeps the other one out, in milliseconds. */
  leaseMs: number
  clock: Clock
  observe: (signal: JobsSignal) => void
  /** Called with each end of a job. */
  ended: (id: string, text: string) => void
}

// Google retries for 24 hours (https://ai.google.dev/gemini-api/docs/webhooks); a queue may take a little longer.
const RETRIED_MS = 25 * 60 * 60 * 1000

/**
 * Stands before the handlers of a receiver: notes how jobs end, and keeps an event from being handled twice when both a
 * webhook and a look-up report it.
 *
 * A delivery that comes again after it was handled passes: its own queue or store decides about that, and it may have
 * to run again because the transaction that completes it failed.
 *
 * @returns A function that removes the guard
 */
export function installGuard(options: GuardOptions): () => void {
  const { receiver, ledger, retentionMs, leaseMs, clock, observe, ended } = options
  return receiver.use(async (event, { key: holder, delivery }, next) => {
    const ending = toEnding(event)
    if (!ending) return await next()
    const { id, name, text } = ending
    const job = { endpoint: receiver.endpoint, id }
    const present = clock.now()
    const expiresAt = present + retentionMs
    await ledger.end({ ...job, name, event: text, now: present, expiresAt })
    // A webhook is retried by its sender or queue. Only when both have given up is there something to look for. An event
    // from a look-up is settled by whoever emits it.
    const isWebhook = delivery.scheme !== 'local'
    if (isWebhook) await ledger.postpone(job, present + RETRIED_MS)
    ended(id, text)
    const key = toHandlingKey(receiver.endpoint, event.type, id)
    const state = await ledger.begin(key, holder, { now: present, leaseUntil: present + leaseMs, expiresAt })
    if (state === 'handled') {
      if (isWebhook) await ledger.settle(job, present)
      return observe({ type: 'duplicate', job: event.id!, eventType: event.type })
    }
    if (state === 'in_progress') throw inProgress(event.type)
    // The handlers have run. If the ledger fails then, they may run again; a failed delivery would run them for certain.
    const report = (error: unknown) => observe({ type: 'fault', job: event.id!, error })
    const finish = async () => {
      await ledger.complete(key, holder).catch(report)
      if (isWebhook) await ledger.settle(job, clock.now()).catch(report)
    }
    try {
      await next()
    } catch (error) {
      // A dead letter at once: the other source has nothing to add.
      if (error instanceof PermanentError) await finish()
      else await ledger.release(key, holder).catch(report)
      throw error
    }
    await finish()
  })
}

function inProgress(type: string): WebhookError {
  return new WebhookError('in_flight', `the ${type} event of this job is being handled from another source`)
}
