/** One row of the list of deliveries. Times are epoch milliseconds of the emulator's clock. */
export interface DeliverySummary {
  readonly webhookId: string
  readonly eventType: string
  readonly scheme: 'static' | 'dynamic'
  readonly uri: string
  readonly jobId?: string
  readonly state: 'pending' | 'acked' | 'exhausted' | 'disabled'
  readonly createdAt: number
  readonly nextAttemptAt?: number
  /** How many attempts have started. */
  readonly attempts: number
  /** Whether an attempt is under way. */
  readonly isRunning: boolean
  /** The receiver's last status. */
  readonly status?: number
  /** Why the last attempt failed. */
  readonly code?: string
}

/** The newest deliveries that fit a search, newest first. */
export interface DeliveryMatches {
  readonly deliveries: readonly DeliverySummary[]
  /** How many fit, those that are not returned included. */
  readonly matching: number
  /** How many deliveries are kept. */
  readonly total: number
}

/** One entry of a `webhook-signature` header, compared with what the emulator's keys make of the same content. */
export interface SignatureEntry {
  /** `v1`, `v1a`, or `jwt`. */
  readonly version: string
  /** The entry as it was sent. */
  readonly seen: string
  /** The key it belongs to: a shortened secret or a `kid`; absent when no current key makes it. */
  readonly key?: string
  /** Whether a receiver with the current keys accepts it for the body that was sent. */
  readonly matches: boolean
}

/** How one attempt was signed, step by step. */
export interface AttemptSignature {
  readonly attempt: number
  readonly scheme: 'static' | 'dynamic'
  /** The headers of the request; absent for attempts from before they were recorded. */
  readonly headers?: Readonly<Record<string, string>>
  /** The body that was sent, when a fault changed it after it was signed. */
  readonly sentBody?: string
  /** What is signed: id, timestamp and body, joined by dots. */
  readonly signedContent: string
  /** What the current keys make of the content, and the name of each key. */
  readonly expected: readonly { readonly key: string; readonly signature: string }[]
  readonly seen: readonly SignatureEntry[]
  /** Seconds between the start of the attempt and the time it claims. */
  readonly ageSeconds: number
  /** What a receiver concludes, in one sentence. */
  readonly verdict: string
  readonly isValid: boolean
}

/** A request that can be sent by hand: signed for this moment. */
export interface DeliveryRequestCopy {
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One row of the list of jobs. Times are epoch milliseconds of the emulator's clock. */
export interface JobSummary {
  readonly id: string
  /** `batch`, `interaction` or `video`. */
  readonly kind: string
  readonly model?: string
  readonly createdAt: number
  readonly dueAt: number
  readonly uris?: readonly string[]
  readonly userMetadata?: object
  readonly endedAt?: number
  readonly outcome?: string
  /** The final state as its own API names it. */
  readonly state?: string
  readonly error?: { readonly code: number; readonly message: string }
}

/** One job with what it was asked and what came of it, as JSON text that may be cut. */
export interface JobDetail extends JobSummary {
  readonly input: string
  readonly result?: string
}

/** What the page needs to know about the emulator it belongs to. */
export interface AboutEmulator {
  readonly eventTypes: readonly string[]
  readonly profile: string
  readonly signing: string
  /** Whether deliveries may leave this machine; see the option of that name. */
  readonly allowRemote: boolean | 'private'
  /** Whether a queue is attached. */
  readonly hasQueue: boolean
}
