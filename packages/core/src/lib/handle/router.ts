import { isEventType, type WebhookEvent } from '../events/event-types.ts'
import type { Effect } from '../queue/queue.ts'
import { invalid } from '../shared/options.ts'
import { type CheckedPattern, checkPattern, doubtPattern } from './patterns.ts'

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

/** What one call of `Receiver.on` registers. */
interface Route {
  patterns: readonly CheckedPattern[]
  handler: EventHandler
}

/** The routes for one event type, in the order they were registered. */
interface Prepared {
  /** The patterns of each route that match the type. */
  routes: readonly Route[]
  /** The handlers of all of them, if none depends on metadata. */
  handlers: readonly EventHandler[] | undefined
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
  find(event: WebhookEvent): readonly EventHandler[]
}

// Senders choose event types, so what is prepared for them is limited.
const MAX_PREPARED = 64

/**
 * Creates a router.
 *
 * @param warn Called for a pattern without a documented type. Default: none
 */
export function createRouter(warn: (message: string) => void = () => {}): Router {
  const routes: Route[] = []
  // Events of one type match the same routes, but for metadata, so they are matched once.
  const prepared = new Map<string, Prepared>()
  const prepareFor = (type: string) => {
    if (prepared.size >= MAX_PREPARED) prepared.clear()
    const made = prepare(routes, type)
    prepared.set(type, made)
    return made
  }
  return {
    add(patterns, handler) {
      const checked = (Array.isArray(patterns) ? patterns : [patterns]).map(checkPattern)
      if (checked.length === 0) throw invalid('a list of patterns must not be empty')
      if (typeof handler !== 'function') throw invalid('a handler must be a function')
      routes.push({ patterns: checked, handler: handler as EventHandler })
      prepared.clear()
      for (const { type } of checked) {
        const doubt = doubtPattern(type)
        if (doubt) warn(doubt)
      }
    },
    find(event) {
      const type = toMatchedType(event)
      const { routes, handlers } = prepared.get(type) ?? prepareFor(type)
      if (handlers) return handlers
      return routes.filter((route) => matchesMetadata(route, event)).map(({ handler }) => handler)
    },
  }
}

function prepare(routes: readonly Route[], type: string): Prepared {
  const matching = routes.flatMap(({ patterns, handler }) => {
    const relevant = patterns.filter((pattern) => matchesType(pattern.type, type))
    return relevant.length === 0 ? [] : [{ patterns: relevant, handler }]
  })
  const isFixed = matching.every(({ patterns }) => patterns.some(({ metadata }) => metadata.length === 0))
  return { routes: matching, handlers: isFixed ? matching.map(({ handler }) => handler) : undefined }
}

/** Handlers of a documented type rely on the job's id, so an event without one matches only `*`. */
function toMatchedType({ type, id }: WebhookEvent): string {
  return id === undefined && isEventType(type) ? '*' : type
}

/** Whether a pattern (`batch.succeeded`, `batch.*`, `*`) matches a type. */
function matchesType(pattern: string, type: string): boolean {
  if (pattern === '*' || pattern === type) return true
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))
}

function matchesMetadata({ patterns }: Route, { userMetadata }: WebhookEvent): boolean {
  return patterns.some(({ metadata }) =>
    metadata.every(([name, value]) => Object.hasOwn(userMetadata, name) && userMetadata[name] === value),
  )
}
