import type { WebhookEvent } from '../events/event-types.ts'
import { createDispatcher } from '../handle/dispatch.ts'
import { createEventWaiters, type WaitOptions } from '../handle/event-waiters.ts'
import { createInlineSink } from '../handle/inline-sink.ts'
import { createMiddlewareList, type Middleware } from '../handle/middleware.ts'
import type { EventFor, EventPattern, MetadataPattern, SimilarPattern } from '../handle/patterns.ts'
import { createRouter, type EventHandler } from '../handle/router.ts'
import { toStoreError } from '../handle/sink.ts'
import { type Answer, answerFor, toResponse } from '../http/answer.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import { toDelivery } from '../http/web-request.ts'
import { createDefaultObserver } from '../observe/default-observer.ts'
import type { QueueWorker, WorkOptions } from '../queue/queue.ts'
import { systemClock } from '../shared/clock.ts'
import { WebhookConfigError, WebhookUnavailableError } from '../shared/errors.ts'
import { safeListener } from '../shared/safe-listener.ts'
import { createImmediateStore } from '../store/memory-store.ts'
import { drainAfterAnswer } from './after-answer.ts'
import { type EmitOptions, type EmittedEvent, emitEvent } from './emit.ts'
import { type CloseOptions, createLifecycle } from './lifecycle.ts'
import { createQueueMode } from './queue-mode.ts'
import { checkReceiverOptions, type ReceiverOptions } from './receiver-options.ts'
import { createReception } from './reception.ts'

/** Options of `Receiver.work`. */
export interface ReceiverWorkOptions extends WorkOptions {
  /**
   * Whether to handle events of the same job one at a time in this process; different jobs still run concurrently. The
   * order is not guaranteed, because a retry runs after later events. Default `false`.
   */
  serialPerJob?: boolean
}

/** Receives webhook deliveries and runs handlers for them. */
export interface Receiver {
  /** The name of this endpoint; see `ReceiverOptions.endpoint`. */
  readonly endpoint: string
  /**
   * Registers a handler for an event type, a family (`batch.*`), everything (`*`), metadata, or several of these. All
   * matching handlers run in the order they were registered. If one throws, a retry runs all of them again.
   *
   * In handlers of a documented type `event.id` is always set: an event without one goes to handlers of `*` and
   * `onUnhandled`, with the warning `event_id_missing`.
   *
   * @throws WebhookConfigError `option_invalid`
   */
  on<const P extends EventPattern>(patterns: P | readonly P[], handler: EventHandler<EventFor<P>>): Receiver
  /**
   * Registers a handler for a type that is known only at run time, or that Google has not documented: pass it as
   * `string` (`'video.failed' as string`). A literal that is not a documented type does not compile, and the message
   * names the type that was probably meant. An undocumented type causes the warning `event_type_unknown`.
   */
  on<P extends string>(
    pattern: string extends P ? P | MetadataPattern<P> : SimilarPattern<P>,
    handler: EventHandler,
  ): Receiver
  /** Sets the handler for events that match no other handler. */
  onUnhandled(handler: EventHandler): Receiver
  /**
   * Adds middleware, which runs around the handlers of each event, once per attempt.
   *
   * @returns A function that removes it again
   * @throws WebhookConfigError `option_invalid`
   * @example
   * ```ts
   * receiver.use(async (event, context, next) => {
   *   const startedAt = performance.now()
   *   await next()
   *   console.log(event.type, performance.now() - startedAt)
   * })
   * ```
   */
  use(middleware: Middleware): () => void
  /**
   * Waits until an event of a job reaches the handlers of this receiver, and resolves to it. An event before the call
   * counts too, if its job is among the last 256. For scripts and tests: after a restart it knows nothing.
   *
   * @param jobName The name or id of the job, `batches/…` for instance
   * @throws WebhookError `wait_timeout`
   */
  waitFor(jobName: string, options?: WaitOptions): Promise<WebhookEvent>
  /**
   * Returns whether something handles an event here: a handler that matches it, `onUnhandled`, or a queue, whose worker
   * may be in another process.
   */
  handles(event: WebhookEvent): boolean
  /**
   * Passes an event that you create yourself through the store or the queue to the handlers, as if Google had sent it.
   * For events whose webhook never arrived. In `context.delivery` the `scheme` is `local`.
   *
   * @throws WebhookPayloadError `payload_invalid` if it is not an event
   * @throws WebhookError `handler_failed`, `handler_timeout` or `in_flight` in inline mode
   * @throws WebhookUnavailableError The store or queue is not available, or the receiver is closed (`draining`)
   */
  emit(event: EmittedEvent, options: EmitOptions): Promise<'accepted' | 'duplicate'>
  /**
   * Answers a WHATWG request. Never rejects.
   *
   * In queue mode, deliveries are handled after the answer if the second or third argument has a `waitUntil`, as on
   * serverless runtimes, or an `after`, as in Next.js.
   *
   * @param context May also have `remoteAddress`, the peer address of the connection
   */
  fetch(request: Request, context?: unknown, workerContext?: unknown): Promise<Response>
  /** Answers a delivery without WHATWG objects, which cost more than verification. Never rejects. */
  receive(delivery: IncomingDelivery): Promise<Answer>
  /**
   * Prepares for deliveries, so that a mistake shows at startup and not with the first delivery. `serve` and the Fastify
   * plugin call it; functions that only mount a handler start faster without it.
   *
   * It loads the code that is otherwise loaded with the first delivery that needs it: for dynamic webhooks, job keys and
   * functions for secrets. A deployment may then replace the files of a running server. It fetches no keys and calls no
   * function for secrets. It also checks the configuration of the queue's backend; an unreachable one passes.
   *
   * @throws WebhookConfigError `option_invalid` when a key set in `dynamic.jwks` has no safe key
   * @throws WebhookConfigError `store_volatile` when the backend would lose acknowledged deliveries
   * @throws The error of the runtime when a file cannot be loaded
   */
  ready(): Promise<void>
  /** Reports a problem of the server to the observer, as a `warning`. For adapters. Never throws. */
  warn(warning: { code: string; message: string; error?: unknown }): void
  /**
   * Starts handling queued deliveries. If others are in progress when the first worker starts, as after a crash, the
   * warning `queue_in_progress` says how many, and when their leases end.
   *
   * @throws WebhookConfigError `option_invalid` without a queue
   * @throws WebhookUnavailableError `draining` once the receiver is closed
   */
  work(options?: ReceiverWorkOptions): QueueWorker
  /**
   * Handles queued deliveries that are due, then resolves. For cron jobs and serverless functions.
   *
   * @throws WebhookConfigError `option_invalid` without a queue
   * @throws WebhookUnavailableError `draining` once the receiver is closed
   */
  drain(options?: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
  /**
   * Stops workers, waits for running deliveries and drains, then closes the queue or store. If several receivers share
   * it, the last one to close closes it. From then on deliveries are answered with `draining` (503), so that the sender
   * retries. Safe to call twice. `serve` and the Fastify plugin call it when they close.
   *
   * @throws What closing the queue or store throws, which is also reported as `fault`
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Creates a receiver for Gemini API webhooks.
 *
 * @throws WebhookConfigError An option is missing, unknown or wrong; `code` says what
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 * @example
 * ```ts
 * const receiver = createReceiver({ static: { secrets: process.env.GEMINI_WEBHOOK_SECRET! } })
 * receiver.on('batch.succeeded', (event) => console.log(event.data.file))
 * export default receiver
 * ```
 */
export function createReceiver(options: ReceiverOptions): Receiver {
  const limits = checkReceiverOptions(options)
  const { endpoint = 'default', queue, clock = systemClock, now = () => clock.now() } = options
  const observe = safeListener(
    options.observer ?? createDefaultObserver({ clock, explains: options.explain === true }),
  )
  const warn = (code: string) => (message: string) => observe({ type: 'warning', code, message })
  const router = createRouter(warn('event_type_unknown'))
  let unhandled: EventHandler | undefined
  const middleware = createMiddlewareList()
  const waiters = createEventWaiters(clock)
  const dispatch = createDispatcher({
    router,
    unhandled: () => unhandled,
    middleware,
    waiters,
    warn: warn('event_id_missing'),
  })
  const store = options.store ?? createImmediateStore({ now })
  const queued = queue && createQueueMode({ queue, endpoint, now, observe, dispatch, clock })
  const sink = queued?.sink ?? createInlineSink({ ...limits, store, dispatch, observe, clock, now })
  const { answer, load } = createReception({ options, limits, sink, observe, now, clock })
  const lifecycle = createLifecycle(queue ?? store, clock, (fault) =>
    observe({ type: 'fault', code: 'store_unavailable', error: toStoreError(fault) }),
  )

  const receiver: Receiver = {
    endpoint,
    on(patterns: unknown, handler: EventHandler<never>) {
      router.add(patterns, handler)
      return receiver
    },
    onUnhandled(handler) {
      unhandled = handler
      return receiver
    },
    use: middleware.add,
    waitFor: waiters.waitFor,
    handles: (event) => queue !== undefined || unhandled !== undefined || router.find(event).length > 0,
    emit: async (event, options) => {
      checkOpen()
      return await lifecycle.run(() => emitEvent(event, options, { sink, endpoint, now }))
    },
    // Without `async`, which would add three turns of the microtask queue to a promise that it returns.
    receive: (delivery) =>
      Promise.resolve(lifecycle.isClosed() ? answerFor('draining') : lifecycle.run(() => answer(delivery))),
    ready: async () => {
      await load()
      await queue?.ready?.()
    },
    warn: (warning) => observe({ ...warning, type: 'warning' }),
    async fetch(request, context, workerContext) {
      const answer = await receiver.receive(toDelivery(request, addressIn(context), clock))
      if (queue && !lifecycle.hasWorker() && answer.status === 200) {
        drainAfterAnswer([context, workerContext], receiver.drain)
      }
      return toResponse(answer)
    },
    work(options = {}) {
      const { serialPerJob, ...rest } = options
      return lifecycle.addWorker(openQueue().work(rest, serialPerJob))
    },
    drain: async (options = {}) => {
      const queue = openQueue()
      return await lifecycle.run(() => queue.drain(options))
    },
    close: lifecycle.close,
  }
  const openQueue = () => {
    if (!queued)
      throw new WebhookConfigError('option_invalid', 'work() and drain() need a receiver with a queue')
    checkOpen()
    return queued
  }
  const checkOpen = () => {
    if (lifecycle.isClosed()) throw new WebhookUnavailableError('draining', 'the receiver is closed')
  }
  return receiver
}

function addressIn(context: unknown): string | undefined {
  const { remoteAddress } = Object(context) as { remoteAddress?: unknown }
  return typeof remoteAddress === 'string' ? remoteAddress : undefined
}
