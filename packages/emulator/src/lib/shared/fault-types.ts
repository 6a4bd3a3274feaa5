import type { Scheme } from './scheme.ts'

/**
 * What goes wrong with one attempt of a delivery. Where a fault has no parameters, its name alone will do. Milliseconds
 * are at most 2^31 - 1.
 */
export type DeliveryFault =
  /**
   * Sends the request `copies` times, default 2 and at most 100, one after the other: same id, same bytes. No further
   * copy follows one that got no answer in time, or once `retry.timeoutMs` have passed since the first.
   */
  | { readonly type: 'duplicate'; readonly copies?: number }
  /** Starts the attempt later by `ms` of the emulator's clock. */
  | { readonly type: 'delay'; readonly ms: number }
  /**
   * Holds the attempt back until another delivery to the same URI was sent, for `withinMs` of the emulator's clock
   * at most, default 10 000.
   */
  | { readonly type: 'reorder'; readonly withinMs?: number }
  /** Sends nothing: the attempt is lost on its way, and the next one follows as after any failure. */
  | { readonly type: 'drop' }
  /** Changes the signature, not its form. */
  | { readonly type: 'wrong_signature' }
  /** Signs with a key that is not in the JWKS, or a secret that is not the webhook's. */
  | { readonly type: 'unknown_key' }
  /** Signs for a time `seconds` ago, default 600. */
  | { readonly type: 'stale_timestamp'; readonly seconds?: number }
  /** Changes the body after it was signed. */
  | { readonly type: 'tampered_body' }
  /** Writes the same JSON differently after it was signed. */
  | { readonly type: 'reserialized_body' }
  /** Sends half of the body that its length announces, and cuts the connection. */
  | { readonly type: 'truncated_body' }
  /** Sends the body piece by piece over `ms` wall-clock milliseconds, default 3000. */
  | { readonly type: 'slow_sender'; readonly ms?: number }
  /** Cuts the connection once the request is sent, so that the receiver answers nobody. */
  | { readonly type: 'cut_before_answer' }
  /** Loses the receiver's answer, so that an acknowledged delivery is sent again. */
  | { readonly type: 'cut_after_answer' }

/** What goes wrong with a request for `/.well-known/jwks.json`. */
export type JwksFault =
  /** Answers with `status`, default 503. */
  | { readonly type: 'jwks_down'; readonly status?: number }
  /** Answers after `ms` wall-clock milliseconds, default 5000. */
  | { readonly type: 'jwks_slow'; readonly ms?: number }
  /** Answers with other keys: what the emulator signs cannot be verified. */
  | { readonly type: 'jwks_rotated' }
  /** Answers 200 with an HTML page. */
  | { readonly type: 'jwks_garbage' }

/** What goes wrong with a call of the API. */
export interface ApiFault {
  /** The fault's name. */
  readonly type: 'api_error'
  /** The status to answer with, 400 to 599. */
  readonly status: number
  /** The error's message; default what Google says for the status. */
  readonly message?: string
  /** Seconds in the `retry-after` header; default none. */
  readonly retryAfter?: number
  /** Whether the call has its effect all the same, and only its answer is lost. Default false. */
  readonly afterEffect?: boolean
}

/** Anything that can go wrong on request. */
export type Fault = DeliveryFault | JwksFault | ApiFault

/** What a fault applies to; everything given must fit, and nothing given fits all. */
export interface FaultMatch {
  /** Deliveries to this URI, or to the registered webhook with this id. */
  readonly endpoint?: string
  /** Deliveries of this event type; a `*` at the end stands for any rest. */
  readonly eventType?: string
  /** Deliveries signed this way. */
  readonly scheme?: Scheme
  /** Deliveries of this job's events. */
  readonly jobId?: string
  /** API calls with this method. */
  readonly method?: string
  /** API calls to this path, version aside (`/webhooks`, `/batches/*`); a `*` at the end stands for any rest. */
  readonly path?: string
  /** The share from 0 to 1 of what fits, chosen at random; default 1. */
  readonly share?: number
}

/** A fault to inject, as plain JSON. */
export interface FaultRule {
  /** What goes wrong. */
  readonly fault: Fault | FaultName
  /** Default: every attempt, JWKS request or API call, whichever the fault is about. */
  readonly match?: FaultMatch
  /** How often it applies; default until it is removed. */
  readonly times?: number
}

/** The faults that need no parameters. */
export type FaultName = Exclude<Fault['type'], 'delay' | 'api_error'>

/** A rule that is in force. */
export interface ActiveFault {
  /** Names the rule, to remove it. */
  readonly id: string
  /** What goes wrong. */
  readonly fault: Fault
  /** What it applies to. */
  readonly match: FaultMatch
  /** How often it applies; absent when there is no end. */
  readonly times?: number
  /** How often it has applied. */
  readonly used: number
}

/** Faults on demand; they end with the process. */
export interface Faults {
  /**
   * Adds a rule. Of several rules that fit an attempt or a request for the JWKS, all apply; of those that fit a call
   * of the API, the oldest.
   *
   * @returns Its id, and what removes it
   * @throws TypeError when the rule is not one
   */
  add(rule: FaultRule): { readonly id: string; remove(): void }
  /** Removes every rule, or the one with this id; returns whether there was one. */
  clear(id?: string): boolean
  /** Every rule that can still apply, oldest first. */
  list(): readonly ActiveFault[]
}

/** What goes wrong with the deliveries of one job, as a scenario says it. */
export interface DeliveryTrouble {
  /** Loses every attempt. */
  readonly drop?: boolean
  /** Milliseconds by which each attempt is late. */
  readonly delayMs?: number
  /** How many copies of each attempt are sent. */
  readonly duplicate?: number
  /** Whether another delivery to the same URI overtakes it. */
  readonly reorder?: boolean
  /** Further faults of its attempts. */
  readonly faults?: readonly (DeliveryFault | DeliveryFault['type'])[]
  /** How many attempts of each delivery are concerned, from the first on; default all. */
  readonly attempts?: number
}
