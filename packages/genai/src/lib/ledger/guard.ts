import type { Receiver } from '@gwh/core'
import { PermanentError, WebhookError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import type { JobLedger } from '@gwh/core/store'
import { toEnding, toHandlingKey } from './endings.ts'
import type { Handlings } from './handlings.ts'
import { createRecorder } from './recorder.ts'
import type { JobsSignal } from './signals.ts'

/** What a guard is built from. */
export interface GuardOptions {
  receiver: Pick<Receiver, 'use' | 'endpoint'>
  ledger: JobLedger
  /** What this process handles, for its look-ups. */
  handlings: Handlings
  /** How long the ledger remembers a job after its end, and that an event was handled, in milliseconds. */
  retentionMs: number
  /** How long a source that does not answer keeps other processes out, in milliseconds. */
  leaseMs: number
  /** Its timers wait for a ledger that is away. */
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
  const { receiver, ledger, handlings, retentionMs, leaseMs, clock, observe, ended } = options
  const recorder = createRecorder(clock)
  const remove = receiver.use(async (event, { key: holder, delivery }, next) => {
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
    const claim = () => begin(ledger, key, holder, { now: clock.now(), leaseMs, retentionMs })
    const state = handlings.stateOf(key, holder) ?? (await claim())
    if (state === 'handled') {
      if (isWebhook) await ledger.settle(job, present)
      return observe({ type: 'duplicate', job: event.id!, eventType: event.type })
    }
    if (state === 'in_progress') throw inProgress(event.type)
    const report = (error: unknown) => observe({ type: 'fault', job: event.id!, error })
    const record = async () => {
      if (!(await complete(ledger, key, holder, claim))) return false
      handlings.recorded(key)
      if (isWebhook) await ledger.settle(job, clock.now())
      return true
    }
    try {
      await handlings.run(key, holder, next)
    } catch (error) {
      if (error instanceof PermanentError) {
        // A dead letter at once: the other source has nothing to add.
        handlings.handled(key, holder)
        await recorder.record(record, report)
      } else await ledger.release(key, holder).catch(report)
      throw error
    }
    // The handlers have run. A ledger that fails now must not fail the delivery: they would run again.
    await recorder.record(record, report)
  })
  return () => {
    remove()
    recorder.close()
  }
}

type State = Awaited<ReturnType<JobLedger['begin']>>

async function begin(
  ledger: JobLedger,
  key: string,
  holder: string,
  { now, leaseMs, retentionMs }: { now: number; leaseMs: number; retentionMs: number },
): Promise<State> {
  return await ledger.begin(key, holder, { now, leaseUntil: now + leaseMs, expiresAt: now + retentionMs })
}

/** Records an event as handled. Resolves to whether the ledger knows it: another process may hold the event now. */
async function complete(
  ledger: JobLedger,
  key: string,
  holder: string,
  claim: () => Promise<State>,
): Promise<boolean> {
  if (await ledger.complete(key, holder)) return true
  // The claim was lost: its lease has ended, or the ledger has restarted empty.
  const state = await claim()
  return state === 'handled' || (state === 'claimed' && (await ledger.complete(key, holder)))
}

function inProgress(type: string): WebhookError {
  return new WebhookError('in_flight', `the ${type} event of this job is being handled from another source`)
}
