/** The state of a delivery in a queue. */
export type QueueEntryState = 'pending' | 'running' | 'retrying' | 'done' | 'dead'

/** How many deliveries are in each state. */
export interface QueueCounts {
  readonly pending: number
  readonly running: number
  readonly retrying: number
  readonly done: number
  readonly dead: number
  /** Age of the oldest delivery still waiting, in milliseconds; 0 when none waits. */
  readonly oldestPendingMs: number
}

/** An error that a handler threw. */
export interface QueueError {
  readonly name: string
  readonly message: string
  readonly code?: string
}

/** One delivery of a queue, without its job token. Times are epoch milliseconds. */
export interface QueueEntry {
  readonly key: string
  readonly webhookId: string
  readonly endpoint: string
  readonly scheme: string
  readonly state: QueueEntryState
  readonly receivedAt: number
  readonly attempts: number
  readonly bodyBytes: number
  /** Why it is a dead letter. */
  readonly reason?: string
  readonly lastError?: QueueError
  readonly failedAt?: number
  /** When it is tried again, or its lease ends. */
  readonly dueAt?: number
  readonly settledAt?: number
  readonly eventType?: string
  /** The event as JSON; absent when the body is not an event or was erased. */
  readonly event?: string
  /** The start of a body that is not an event. */
  readonly text?: string
  readonly history: readonly {
    readonly attempt: number
    readonly failedAt: number
    readonly error: QueueError
  }[]
}

/** A page of deliveries, newest first. */
export interface QueuePage {
  readonly entries: readonly QueueEntry[]
  /** The key to ask for the next page with; absent on the last page. */
  readonly next?: string
}
