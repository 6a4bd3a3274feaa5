import { EVENT_TYPES, type EventType, type KnownEvent, type WebhookEvent } from '../events/event-types.ts'
import type { Effect } from '../queue/queue.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import { checkNames } from '../shared/options.ts'

/** An event type, all types of a family, or everything. */
export type TypePattern = EventType | 'batch.*' | 'interaction.*' | 'video.*' | '*' | (string & {})

/** Which events a handler wants. */
export type EventPattern =
  | TypePattern
  | {
      /** Default `*`. */
      type?: TypePattern
      /** Values `userMetadata` must have, compared exactly. */
      metadata?: Readonly<Record<string, string | number | boolean>>
    }

type TypeOf<P> = P extends { type: infer T } ? T : P extends string ? P : '*'

/** The events a pattern lets through, as far as their type says. */
export type EventFor<P> =
  TypeOf<P> extends EventType
    ? KnownEvent<TypeOf<P> & EventType>
    : TypeOf<P> extends `${infer Family}.*`
      ? KnownEvent<Extract<EventType, `${Family}.${string}`>>
      : WebhookEvent

/** What a handler knows about the delivery its event came with. */
export interface HandlerContext {
  delivery: {
    /** `webhook-id`. */
    id: string
    /** `webhook-timestamp`, unix seconds. */
    timestamp: number
    scheme: 'static' | 'dynamic'
    keyId?: string
    /** Only with a JSON Web Token: if it does not vouch for the body, anybody may have written the event. */
    jwt?: { bodyBound: boolean }
  }
  /** How often this delivery has been tried, this time included; starts at 1. */
  attempt: number
  /** Aborted when the handler's time is up or its result can no longer count. */
  signal: AbortSignal
  /** The same for every attempt of the delivery: pass it on as idempotency key. */
  key: string
  /**
   * Adds a change to the transaction that completes the delivery, so that it happens exactly when the delivery
   * counts as handled. Only with a queue that lives in a database of the caller's, SQLite for instance.
   */
  tx?: (effect: Effect) => void
  /** `true` when the delivery was handled before and `queue.replay` has it handled again. */
  replay?: boolean
}

/** Handles an event. Returning completes it; throwing has it tried again. */
export type EventHandler<E = WebhookEvent> = (event: E, context: HandlerContext) => unknown

interface Route {
  metadata: readonly [string, unknown][]
  handler: EventHandler<never>
  order: number
}

/** Finds the handlers of an event, in the order they were registered. */
export interface Router {
  add(pattern: EventPattern, handler: EventHandler<never>): void
  find(event: WebhookEvent): EventHandler[]
}

const PATTERN = /^(?:\*|[a-z0-9_.]{1,250}\.\*|[a-z0-9_.]{1,256})$/i

export function createRouter(): Router {
  const routes = new Map<string, Route[]>()
  let count = 0
  return {
    add(pattern, handler) {
      const { type = '*', metadata = {} } = typeof pattern === 'string' ? { type: pattern } : pattern
      if (typeof pattern !== 'string') checkMembers(pattern)
      checkPattern(type, handler)
      const known = routes.get(type) ?? []
      routes.set(type, [...known, { metadata: Object.entries(metadata), handler, order: count++ }])
    },
    find(event) {
      const matching = patternsOf(event.type).flatMap((pattern) => routes.get(pattern) ?? [])
      return matching
        .filter((route) => hasMetadata(event, route.metadata))
        .sort((a, b) => a.order - b.order)
        .map((route) => route.handler as EventHandler)
    },
  }
}

/** A pattern that says nothing, a regular expression for instance, must not match everything. */
function checkMembers(pattern: object): void {
  checkNames(pattern, ['type', 'metadata'], 'a pattern')
  if (!('type' in pattern) && !('metadata' in pattern)) {
    throw new WebhookConfigError('option_invalid', 'a pattern is a text, or an object with type or metadata')
  }
}

function checkPattern(type: unknown, handler: unknown): void {
  if (typeof type !== 'string' || !PATTERN.test(type)) {
    throw new WebhookConfigError(
      'option_invalid',
      `a pattern is an event type such as "${EVENT_TYPES[0]}", a family such as "batch.*", or "*"`,
    )
  }
  if (typeof handler !== 'function') throw new WebhookConfigError('option_invalid', 'a handler is a function')
}

/** Every key an event can be registered under: `batch.succeeded`, `batch.*`, `*`. */
function patternsOf(type: string): string[] {
  // A set, because a sender may name an event `*` or `batch.*` too.
  const patterns = new Set(['*', type])
  for (let dot = type.indexOf('.'); dot !== -1; dot = type.indexOf('.', dot + 1)) {
    patterns.add(`${type.slice(0, dot)}.*`)
  }
  return [...patterns]
}

function hasMetadata(event: WebhookEvent, wanted: readonly [string, unknown][]): boolean {
  return wanted.every(
    ([name, value]) => Object.hasOwn(event.userMetadata, name) && event.userMetadata[name] === value,
  )
}
