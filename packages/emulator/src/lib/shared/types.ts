import type { DeliveryFault, Faults } from './fault-types.ts'
import type { Outcome, OutcomeName, Scenario } from './scenario.ts'
import type { Scheme } from './scheme.ts'

/** Why an attempt failed. */
export type AttemptCode =
  /** The receiver answered, but not with a 2xx. */
  | 'http_status'
  /** The receiver answered with a 3xx, which is never followed. */
  | 'redirect'
  /** No complete answer head within `retry.timeoutMs`. */
  | 'timeout'
  /** No connection, or it broke before the answer head was complete. */
  | 'connection_failed'
  /** `allowRemote` does not let a delivery go to the URI's address; nothing was sent. */
  | 'target_blocked'
  /** The request could not be made, for instance because a signing key is damaged. Nothing was sent. */
  | 'request_failed'
  /** The emulator was closed or killed in the middle of the attempt; with a state file it is made again. */
  | 'closed'

/** One HTTP try of a delivery. */
export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number
  /** Where it went: a registered webhook's URI can change between attempts. */
  readonly uri: string
  /** When it started, in epoch milliseconds of the emulator's clock. */
  readonly startedAt: number
  /** The receiver's status as received, when it gave one: even one that HTTP does not have, such as 999. */
  readonly status?: number
  /** Why it failed; absent while it runs and after a 2xx. */
  readonly code?: AttemptCode
  /** How long it took, in wall-clock milliseconds; absent while it runs. */
  readonly durationMs?: number
  /** The first 16 KiB of the receiver's answer, as text. */
  readonly answer?: string
  /**
   * Why there is no answer, in the runtime's words: with `connection_failed` and `request_failed`, such as
   * `self-signed certificate`. With `http_status`, what is wrong with a status below 200 or beyond 599.
   */
  readonly reason?: string
  /** The faults that were injected into it; absent when there were none. */
  readonly faults?: readonly DeliveryFault['type'][]
  /** The headers of the request; absent after `request_failed`, and for attempts of versions that did not record them. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The state of a delivery: still to be delivered, answered with a 2xx, given up after the last attempt, or dropped
 * because its webhook was deleted or disabled. The last three are final.
 */
export type DeliveryState = 'pending' | 'acked' | 'exhausted' | 'disabled'

/** The state of one delivery, copied at the moment of the call. */
export interface DeliverySnapshot {
  /** The `webhook-id` header: the same at every attempt, different for every endpoint. */
  readonly webhookId: string
  /** The type of the event it carries. */
  readonly eventType: string
  /** How it is signed. */
  readonly scheme: Scheme
  /** Where it goes now, or went last. */
  readonly uri: string
  /** The job the event is about, when it is about one. */
  readonly jobId?: string
  /** Whether it is still to be delivered, and if not, how it ended. */
  readonly state: DeliveryState
  /** When the event happened, in epoch milliseconds of the emulator's clock. */
  readonly createdAt: number
  /** When the next attempt starts, in epoch milliseconds; only while one is planned. */
  readonly nextAttemptAt?: number
  /** The exact body sent at every attempt. */
  readonly body: string
  /** Every HTTP try so far, oldest first. */
  readonly attempts: readonly Attempt[]
}

/** A registered webhook, copied at the moment of the call. */
export interface WebhookSnapshot {
  /** Its resource id. */
  readonly id: string
  /** Its display name, when it has one. */
  readonly name?: string
  /** Where its events go. */
  readonly uri: string
  /** Whether it gets events; the last is the emulator's doing. */
  readonly state: 'enabled' | 'disabled' | 'disabled_due_to_failed_deliveries'
  /** The event types it is subscribed to. */
  readonly subscribedEvents: readonly string[]
  /** The whole signing secrets that have not ended, newest first: after a rotation more than one. */
  readonly secrets: readonly string[]
}

/** A job: its id, or what the API returned for it. */
export type JobRef = string | { readonly name?: string | undefined } | { readonly id?: string | undefined }

/** Everything an emulator keeps but the bytes of files, as plain JSON. It holds secrets and signing keys. */
export interface EmulatorSnapshot {
  /** Names the format and its version. */
  readonly format: string
  /** What the clock showed, in epoch milliseconds. */
  readonly now: number
  /** The records by kind. */
  readonly records: Readonly<Record<string, readonly object[]>>
}

/** An event to send. One whose `data.id` names a job that exists ends that job; any other is invented. */
export interface TriggerOptions {
  /**
   * The event type. An unknown one is sent where `uris` are given, unless it looks like a known one misspelt.
   */
  type: string
  /**
   * The event's `data`, sent as given. Without it, or with nothing but `error_code` and `error_message`, an event of
   * the catalogue ends a small job that is made for it, so that the result can be fetched.
   */
  data?: Record<string, unknown>
  /** Becomes `user_metadata` of the envelope. */
  userMetadata?: Record<string, unknown>
  /** Deliver here, signed as a dynamic webhook; without it, to every webhook subscribed to the type. */
  uris?: readonly string[]
}

/** The deliveries that a trigger started; none when no webhook is subscribed. */
export interface TriggerResult {
  /** One `webhook-id` per delivery. */
  readonly webhookIds: readonly string[]
  /** The deliveries, one per endpoint. */
  readonly deliveries: readonly DeliverySnapshot[]
}

/** The emulator's clock, which a test can move. */
export interface EmulatorClock {
  /** The time shown, in epoch milliseconds. */
  now(): number
  /**
   * Moves time forward by `ms` milliseconds. Everything that becomes due runs in order, and its deliveries settle
   * before time moves on. Real time does not count meanwhile. A receiver's handler must not await this, because it
   * waits for the handler's answer.
   *
   * @throws TypeError when `ms` is negative or not a number, or leads beyond the year 9999
   * @throws EmulatorError `closed`, or `state_replaced` when an import cut it short
   */
  advance(ms: number): Promise<void>
  /** Stops time; what is already due still happens. */
  pause(): void
  /** Lets time run on from what the clock shows. */
  resume(): void
}

/** Google's side of Gemini webhooks, local. */
export interface Emulator {
  /** Answers one API request in-process; its host must be `localhost`, `127.0.0.1` or `[::1]`. */
  fetch(request: Request): Promise<Response>
  /**
   * Serves the API over HTTP; port 0 takes any free port. `hostname` defaults to `127.0.0.1`.
   *
   * @returns The base URL to give to the SDK, without a trailing slash
   * @throws EmulatorError `already_listening`, `closed`, or `listen_failed` when the port is taken
   */
  listen(options: { port: number; hostname?: string }): Promise<{ url: string }>
  /** Stops serving, drops planned work and breaks off running attempts; safe to call twice. */
  close(): Promise<void>
  /** Times jobs, retries and signatures. */
  readonly clock: EmulatorClock
  /**
   * Emits an event; resolves before the first attempt. When `data.id` names a job that exists, the event ends that
   * job, so that the API agrees with the event, and carries the job's own data.
   *
   * @throws TypeError when the event cannot be sent, or the job has ended already
   * @throws EmulatorError `closed`
   */
  trigger(event: TriggerOptions): Promise<TriggerResult>
  /**
   * Ends a running job now, whatever was planned for it, and emits its event. `outcome` defaults to `succeeded`.
   *
   * @returns The deliveries of the event
   * @throws TypeError when there is no such job, it has ended already, or jobs of its kind cannot end that way
   * @throws EmulatorError `closed`
   */
  finish(job: JobRef, outcome?: OutcomeName | Outcome): Promise<readonly DeliverySnapshot[]>
  /**
   * Sends a delivery once more, with the same `webhook-id` and body, whatever became of it.
   *
   * @param webhookId The `webhookId` of a delivery
   * @throws TypeError when there is no such delivery
   * @throws EmulatorError `closed`
   */
  redeliver(webhookId: string): Promise<DeliverySnapshot>
  /** The scenarios that decide how jobs end. */
  readonly scenarios: {
    /**
     * Adds a scenario, for jobs that are created from now on. The one added last comes first.
     *
     * @returns Its id
     * @throws TypeError when it is no scenario
     */
    add(scenario: Scenario): string
    /** Removes a scenario; returns whether there was one with that id. */
    remove(id: string): boolean
    /** All scenarios, in the order they are tried. */
    list(): readonly (Scenario & { readonly id: string })[]
  }
  /**
   * Makes a URL that opens the page at `/` with access to the control API. It works once: its ticket becomes a session
   * of that browser, which ends with the process. The ticket is in the URL's fragment, which browsers do not send, so
   * no log has it.
   *
   * @throws EmulatorError `not_listening`, `closed`
   */
  inspectorUrl(): Promise<string>
  /** The bearer token for the control API under `/_gwh`. */
  readonly controlToken: string
  /**
   * Resolves when nothing is pending: every job has ended, and every delivery too. The clock must run or be advanced
   * for that. A delivery ends with the receiver's 2xx: a receiver with a queue runs its handler after that.
   *
   * @param options `timeoutMs`: wall-clock milliseconds to wait, up to 2^31 - 1; default without a limit
   * @throws TypeError when `timeoutMs` is out of range
   * @throws EmulatorError `closed` when the emulator is closed first; `not_settled` after `timeoutMs`, with what is
   *   still pending in its message
   */
  settled(options?: { timeoutMs?: number }): Promise<void>
  /** Copies everything the emulator keeps, but the bytes of files. */
  export(): EmulatorSnapshot
  /**
   * Replaces everything the emulator keeps by an earlier {@link Emulator.export}, in one change, and goes on from
   * there. Attempts, jobs and advances of the clock that are under way are cut.
   *
   * @throws TypeError when it is no export of this version, which the message shows the place of, or goes beyond a
   *   limit; nothing has changed then
   * @throws EmulatorError `closed`; `state_unusable` when the state file cannot be written, and nothing has changed
   */
  import(snapshot: EmulatorSnapshot): void
  /** Injects faults into deliveries, the JWKS and the API. */
  readonly faults: Faults
  /**
   * Signs dynamic webhooks with the next key. The next key has been in the JWKS all along, and the last one stays in
   * it until the next rotation, so that no receiver notices unless it keeps a JWKS over two rotations.
   *
   * @throws EmulatorError `closed`
   */
  rotateKeys(): Promise<void>
  /** Every registered webhook, with the secrets that the API shows only once. */
  webhooks(): readonly WebhookSnapshot[]
  /** Every delivery that is kept, oldest first. */
  deliveries(): readonly DeliverySnapshot[]
  /** Resolves when nothing is being delivered and nothing is due; later retries and unfinished jobs can remain. */
  idle(): Promise<void>
}
