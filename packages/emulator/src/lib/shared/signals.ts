import type { JobKind } from './job-kind.ts'
import type { Scheme } from './scheme.ts'
import type { AttemptCode } from './types.ts'

/** What every signal about a delivery says. */
export interface DeliverySignal {
  /** When it happened, in epoch milliseconds of the emulator's clock. */
  readonly at: number
  /** The delivery's `webhook-id`. */
  readonly webhookId: string
  /** Where the delivery goes. */
  readonly uri: string
  /** How it is signed. */
  readonly scheme: Scheme
  /** The type of the event it carries. */
  readonly eventType: string
  /** The job the event is about, when it is about one. */
  readonly jobId?: string
}

/** What every signal about a job says. */
export interface JobSignal {
  /** When it happened, in epoch milliseconds of the emulator's clock. */
  readonly at: number
  /** Which API the job belongs to. */
  readonly kind: JobKind
  /** `batches/<id>`, an interaction's id, or `models/<model>/operations/<id>`. */
  readonly jobId: string
}

/** Something that happened in the emulator, as its `observer` receives it. */
export type EmulatorSignal =
  | (JobSignal & { readonly type: 'job_created' })
  | (JobSignal & { readonly type: 'job_deleted' })
  | (JobSignal & {
      readonly type: 'job_finished'
      /** The job's final state, as its own API names it. */
      readonly state: string
    })
  | (DeliverySignal & { readonly type: 'attempt_started'; readonly attempt: number })
  | (DeliverySignal & {
      readonly type: 'attempt_finished'
      readonly attempt: number
      /** Wall-clock milliseconds. */
      readonly durationMs: number
      readonly status?: number
      /** Why it failed; absent after a 2xx. */
      readonly code?: AttemptCode
    })
  | (DeliverySignal & {
      readonly type: 'retry_planned'
      /** The number of the attempt to come. */
      readonly attempt: number
      /** When it starts, in epoch milliseconds. */
      readonly startsAt: number
    })
  | (DeliverySignal & {
      /** How the delivery ended; see `DeliveryState`. */
      readonly type: 'delivery_acked' | 'delivery_exhausted' | 'delivery_disabled'
      /** How many attempts it took. */
      readonly attempts: number
    })
  | {
      /** Deliveries to a registered webhook failed until it was switched off. */
      readonly type: 'webhook_disabled'
      /** When, in epoch milliseconds of the emulator's clock. */
      readonly at: number
      /** The webhook's resource id. */
      readonly registrationId: string
      /** Where its deliveries went. */
      readonly uri: string
    }
  | {
      /** Planned work failed, for instance because the state file cannot be written. It is tried again. */
      readonly type: 'work_failed'
      /** When, in epoch milliseconds of the emulator's clock. */
      readonly at: number
      /** What it failed with. */
      readonly error: unknown
      /** When it is tried again, in epoch milliseconds of the emulator's clock. */
      readonly triesAgainAt: number
    }

/** Receives every signal, in order. What it throws is ignored. */
export type EmulatorObserver = (signal: EmulatorSignal) => void

/** Wraps an observer so that its errors cannot change what is delivered. */
export function quietObserver(observer: EmulatorObserver): EmulatorObserver {
  return (signal) => {
    try {
      observer(signal)
    } catch {}
  }
}
