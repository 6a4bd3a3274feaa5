import { isEventType, type WebhookEvent } from '../events/event-types.ts'
import type { Effect } from '../queue/queue.ts'
import { invalid } from '../shared/options.ts'
import { checkPattern, doubtPattern } from './patterns.ts'

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
  /**
   * Registers a handler for one pattern, or for several of which each event runs it once.
   *
   * @throws WebhookConfigError `option_invalid`
   */
  add(patterns: unknown, handler: EventHandler<never>): void
  find(event: WebhookEvent): EventHandler[]
}

/** @param warn Called with a pattern that matches no documented type */
export function createRouter(warn: (message: string) => void = () => {}): Router {
  const routes = new Map<string, Route[]>()
  let count = 0
  return {
    add(patterns, handler) {
      const checked = (Array.isArray(patterns) ? patterns : [patterns]).map(checkPattern)
      if (checked.length === 0) throw invalid('a list of patterns must not be empty')
      if (typeof handler !== 'function') throw invalid('a handler is a function')
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
      // A handler registered with several patterns has one place in the order.
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
