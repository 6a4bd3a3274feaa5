import { isEventType, type WebhookEvent } from '../events/event-types.ts'
import type { Effect } from '../queue/queue.ts'
import { invalid } from '../shared/options.ts'
import { checkPattern, doubtPattern } from './patterns.ts'

/** The context of a handler: the delivery of its event. */
export interface HandlerContext {
  delivery: {
    /** `webhook-id`, or the id given to `Receiver.emit`. */
    id: string
    /** `webhook-timestamp`, unix seconds. */
    timestamp: number
    /** How it was signed; `local` for an event of `Receiver.emit`, which nobody signed. */
    scheme: 'static' | 'dynamic' | 'local'
    /** The secret or public key that matched, in its public short form. */
    keyId?: string
    /** Only for JSON Web Tokens. If the token is not bound to the body, anyone may have written the event. */
    jwt?: { bodyBound: boolean }
  }
  /** How often this delivery has been tried, this time included; starts at 1. */
  attempt: number
  /** Aborted when the handler times out, its lease is lost, or the worker stops. */
  signal: AbortSignal
  /** The idempotency key, the same for every attempt of the delivery. Pass it on to other services. */
  key: string
  /**
   * Adds a change to the transaction that completes the delivery, so that both are committed or neither is. Only with
   * queues in a database, such as SQLite.
   */
  tx?: (effect: Effect) => void
  /** `true` if the delivery was handled before and runs again because of `queue.replay`. */
  replay?: boolean
}

/** Handles an event. Returning completes it; throwing causes a retry. */
export type EventHandler<E = WebhookEvent> = (event: E, context: HandlerContext) => unknown

interface Route {
  metadata: readonly [string, unknown][]
  handler: EventHandler<never>
  order: number
}

/** Finds the handlers of an event, in the order they were registered. */
export interface Router {
  /**
   * Registers a handler for one or several patterns. It runs once per event, even if several patterns match.
   *
   * @throws WebhookConfigError `option_invalid`
   */
  add(patterns: unknown, handler: EventHandler<never>): void
  /** Returns the matching handlers. */
  find(event: WebhookEvent): EventHandler[]
}

/**
 * Creates a router.
 *
 * @param warn Called for a pattern without a documented type. Default: none
 */
export function createRouter(warn: (message: string) => void = () => {}): Router {
  const routes = new Map<string, Route[]>()
  let count = 0
  return {
    add(patterns, handler) {
      const checked = (Array.isArray(patterns) ? patterns : [patterns]).map(checkPattern)
      if (checked.length === 0) throw invalid('a list of patterns must not be empty')
      if (typeof handler !== 'function') throw invalid('a handler must be a function')
      const order = count++
      for (const { type, metadata } of checked) {
        routes.set(type, [...(routes.get(type) ?? []), { metadata, handler, order }])
        const doubt = doubtPattern(type)
        if (doubt) warn(doubt)
      }
    },
    find(event) {
      const matching = patternsOf(event)
        .flatMap((pattern) => routes.get(pattern) ?? [])
        .filter((route) => hasMetadata(event, route.metadata))
        .sort((a, b) => a.order - b.order)
      // A handler with several matching patterns runs once.
      return matching
        .filter((route, index) => route.order !== matching[index - 1]?.order)
        .map((route) => route.handler as EventHandler)
    },
  }
}

/**
 * Every pattern an event matches: `batch.succeeded`, `batch.*`, `*`.
 *
 * Handlers of a documented type rely on the job's id, so an event without one matches like an unknown type.
 */
function patternsOf({ type, id }: WebhookEvent): string[] {
  if (id === undefined && isEventType(type)) return ['*']
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
