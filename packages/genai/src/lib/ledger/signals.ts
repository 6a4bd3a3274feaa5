import type { JobKind } from '../shared/job-name.ts'

/** Something that happened to jobs. `type` is stable; types and members may be added. */
export type JobsSignal =
  /** A job is looked up with a request to the API, because no event came in time (`overdue`) or in a sweep (`reconcile`). */
  | { type: 'lookup'; job: string; kind: JobKind; reason: 'overdue' | 'reconcile' }
  /** A look-up found that a job had ended without an event here; the event goes to the handlers now. */
  | { type: 'missed'; job: string; eventType: string }
  /** A look-up found that a job had ended, and no handler here matches its event; a process that has one handles it. */
  | { type: 'unhandled'; job: string; eventType: string }
  /** An event was not handled, because the same event of the same job was handled before, from the other source. */
  | { type: 'duplicate'; job: string; eventType: string }
  /** The API does not know the job. It is not looked up any more. */
  | { type: 'not_found'; job: string }
  /** No end of the job was found until `giveUpAfterMs`; it is not looked up any more. */
  | { type: 'given_up'; job: string; error: unknown }
  /** The API cannot be read; look-ups pause. */
  | { type: 'paused'; pauseMs: number; error: unknown }
  /** The ledger, or the delivery of a missed event to the handlers, failed. It is tried again. */
  | { type: 'fault'; job?: string; error: unknown }

/** Called for everything that happens to jobs, for logs and metrics. What it throws is ignored. */
export type JobsObserver = (signal: JobsSignal) => unknown

/** Wraps an observer so that its exceptions and rejections are ignored. */
export function quietObserver(observer: JobsObserver | undefined): (signal: JobsSignal) => void {
  return (signal) => {
    try {
      const later = observer?.(signal)
      if (later instanceof Promise) later.catch(() => {})
    } catch {
      // A broken logger must not keep a job from being looked up.
    }
  }
}
