import type { DeliveryQueue } from '@gwh/core/queue'
import type { IdempotencyStore } from '@gwh/core/store'

/** The store or queue of a receiver. */
export type Sink = { queue: DeliveryQueue } | { store: IdempotencyStore }

/** An open sink and its fault. */
export interface Opened {
  sink: Sink
  /** Begins the fault. */
  begin(): unknown
  /** Ends the fault and closes everything. */
  close(): Promise<void>
}

/** A backend under one fault. */
export interface Case {
  backend: string
  fault: string
  /** Whether the fault is there from the start; otherwise it begins while the first handler runs. */
  fromTheStart?: boolean
  /** Whether deliveries are refused and all else works, so that no `fault` is ever reported. */
  refusesOnly?: boolean
  open(): Promise<Opened>
}
