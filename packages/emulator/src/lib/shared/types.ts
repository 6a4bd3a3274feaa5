/** How a delivery is signed: `v1` with a registered webhook's secrets, or `v1a` with the emulator's keys. */
export type Scheme = 'static' | 'dynamic'

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
  /** The receiver's status, when it gave one. */
  readonly status?: number
  /** Why it failed; absent while it runs and after a 2xx. */
  readonly code?: AttemptCode
  /** How long it took, in wall-clock milliseconds; absent while it runs. */
  readonly durationMs?: number
  /** The first 16 KiB of the receiver's answer, as text. */
  readonly answer?: string
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

/** An event to send without a job behind it. */
export interface TriggerOptions {
  /**
   * The event type. An unknown one is sent where `uris` are given, unless it looks like a known one misspelt.
   */
  type: string
  /** The event's `data`, sent as given. */
  data: Record<string, unknown>
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
   * @throws TypeError when `ms` is negative or not a number
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
   * Emits an event as if a job had caused it; resolves before the first attempt.
   *
   * @throws TypeError when the event cannot be sent
   * @throws EmulatorError `closed`
   */
  trigger(event: TriggerOptions): Promise<TriggerResult>
  /** Every delivery so far, oldest first. */
  deliveries(): readonly DeliverySnapshot[]
  /** Resolves when nothing is being delivered and nothing is due; later retries and unfinished jobs can remain. */
  idle(): Promise<void>
}
