import type { DeliverySummary } from '../../src/lib/protocol/emulator.ts'

/** One HTTP try of a delivery. Times are epoch milliseconds of the emulator's clock. */
export interface Attempt {
  readonly attempt: number
  readonly uri: string
  readonly startedAt: number
  readonly status?: number
  readonly code?: string
  readonly durationMs?: number
  readonly answer?: string
  readonly reason?: string
  readonly faults?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** A delivery with everything that is known of it. */
export interface Delivery extends Omit<DeliverySummary, 'attempts' | 'isRunning' | 'status' | 'code'> {
  readonly body: string
  readonly attempts: readonly Attempt[]
}

/** A registered webhook as Google's API shows it. */
export interface Webhook {
  readonly id: string
  readonly name?: string
  readonly uri: string
  readonly subscribed_events: readonly string[]
  readonly state: string
  readonly signing_secrets: readonly { readonly truncated_secret: string; readonly expire_time?: string }[]
  readonly new_signing_secret?: string
}

/** A rule of injected faults. */
export interface FaultRule {
  readonly id: string
  readonly fault: { readonly type: string; readonly [parameter: string]: unknown }
  readonly match: Readonly<Record<string, unknown>>
  readonly times?: number
  readonly used: number
}

/** What the clock shows. */
export interface Clock {
  readonly now: number
  readonly paused: boolean
}
