import { readEvent } from '../events/event.ts'
import { createDispatcher } from '../handle/dispatch.ts'
import { createInlineSink } from '../handle/inline-sink.ts'
import type { EventFor, EventPattern, MetadataPattern } from '../handle/patterns.ts'
import { createQueueSink } from '../handle/queue-sink.ts'
import { createQueueWork } from '../handle/queue-work.ts'
import { createRouter, type EventHandler } from '../handle/router.ts'
import { type Answer, answerFor, toResponse } from '../http/answer.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import { fromRequest } from '../http/web-request.ts'
import { defaultObserver } from '../observe/default-observer.ts'
import type { QueueWorker, WorkOptions } from '../queue/queue.ts'
import type { QueuedDelivery } from '../queue/queued-delivery.ts'
import { serialise } from '../queue/serial.ts'
import { systemClock } from '../shared/clock.ts'
import { WebhookConfigError, WebhookUnavailableError } from '../shared/errors.ts'
import { isRefusal } from '../shared/refusal.ts'
import { safeListener } from '../shared/safe-listener.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { drainAfterAnswer } from './after-answer.ts'
import { type CloseOptions, createLifecycle } from './lifecycle.ts'
import { checkReceiverOptions, type ReceiverOptions } from './receiver-options.ts'
import { createReception } from './reception.ts'

/** How a receiver handles what is queued. */
export interface ReceiverWorkOptions extends WorkOptions {
  /**
   * Handle events of one job one after the other, in this process; those of different jobs still run side by
   * side. Says nothing about their order: a retry comes later than what followed it. Default `false`.
   */
  serialPerJob?: boolean
}

/** Receives webhook deliveries and runs handlers for them. */
export interface Receiver {
  /**
   * Registers a handler for an event type, a family (`batch.*`), everything (`*`), metadata, or several of these. All
   * handlers an event matches run, in the order they were registered; if one throws, all are tried again.
   *
   * In handlers of a documented type `event.id` is always set: an event without one goes to handlers of `*` and
   * `onUnhandled`, with the warning `event_id_missing`.
   *
   * @throws WebhookConfigError `option_invalid`
   */
  on<const P extends EventPattern>(patterns: P | readonly P[], handler: EventHandler<EventFor<P>>): Receiver
  /**
   * Registers a handler for a type that is known only at run time, or that Google has not documented: pass it as
   * `string` (`'video.failed' as string`). A literal that is no documented type does not compile. The observer gets
   * the warning `event_type_unknown` for a type that is not documented.
   */
  on<P extends string>(
    pattern: string extends P ? P | MetadataPattern<P> : never,
    handler: EventHandler,
  ): Receiver
  /** Registers the handler for events no other handler matches. */
  onUnhandled(handler: EventHandler): Receiver
  /**
   * Answers a WHATWG request. Never rejects.
   *
   * In queue mode, what a serverless runtime passes as second or third argument is used to handle deliveries
   * after the answer: its `waitUntil`, or an `after` as in Next.js.
   *
   * @param context May also hold `remoteAddress`, the address at the other end of the connection
   */
  fetch(request: Request, context?: unknown, workerContext?: unknown): Promise<Response>
  /** The same without WHATWG objects, which cost more than verifying does. Never rejects. */
  receive(delivery: IncomingDelivery): Promise<Answer>
  /**
   * Checks how the queue's backend is set up, so that a mistake shows when the process starts and not with the first
   * delivery. `serve` and the Fastify plugin call it. A backend that cannot be reached right now passes.
   *
   * @throws WebhookConfigError `store_volatile` when the backend would lose acknowledged deliveries
   */
  ready(): Promise<void>
  /**
   * Starts handling queued deliveries.
   *
   * @throws WebhookConfigError `option_invalid` without a queue
   * @throws WebhookUnavailableError `draining` once the receiver is closed
   */
  work(options?: ReceiverWorkOptions): QueueWorker
  /**
   * Handles queued deliveries that are due, then resolves: for cron and serverless.
   *
   * @throws WebhookConfigError `option_invalid` without a queue
   * @throws WebhookUnavailableError `draining` once the receiver is closed
   */
  drain(options?: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
  /**
   * Stops workers, waits for deliveries and drains under way, then closes the queue or store; where several receivers
   * share it, the last of them to close does. From then on deliveries are answered with `draining` (503), so that the
   * sender tries again elsewhere. Safe to call twice. `serve` and the Fastify plugin call it when they close.
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
  const observe = safeListener(options.observer ?? defaultObserver)
  const warn = (code: string) => (message: string) => observe({ type: 'warning', code, message })
  const router = createRouter(warn('event_type_unknown'))
  let unhandled: EventHandler | undefined
  const dispatch = createDispatcher(router, () => unhandled, warn('event_id_missing'))
  const { process, watch } = createQueueWork({ dispatch, observe, endpoint })
  const store = options.store ?? createMemoryStore({ now })
  const sink = queue
    ? createQueueSink({ queue, endpoint, now, observe })
    : createInlineSink({ ...limits, store, dispatch, observe, clock, now })
  const answer = createReception({ options, limits, sink, observe, now, clock })
  const lifecycle = createLifecycle(queue ?? store, clock)

  const receiver: Receiver = {
    on(patterns: unknown, handler: EventHandler<never>) {
      router.add(patterns, handler)
      return receiver
    },
    onUnhandled(handler) {
      unhandled = handler
      return receiver
    },
    receive: async (delivery) =>
      lifecycle.isClosed() ? answerFor('draining') : await lifecycle.run(() => answer(delivery)),
    ready: async () => await queue?.ready?.(),
    async fetch(request, context, workerContext) {
      const answer = await receiver.receive(fromRequest(request, clock, addressIn(context)))
      if (queue && !lifecycle.hasWorker() && answer.status === 200) {
        drainAfterAnswer([context, workerContext], receiver.drain)
      }
      return toResponse(answer)
    },
    work(options = {}) {
      const { serialPerJob, ...rest } = options
      const handle = serialPerJob ? serialise(process, jobOf) : process
      return lifecycle.addWorker(openQueue().work(handle, watch(rest)))
    },
    drain: async (options = {}) => {
      const queue = openQueue()
      return await lifecycle.run(() => queue.drain(process, watch(options)))
    },
    close: lifecycle.close,
  }
  const openQueue = () => {
    if (!queue) throw new WebhookConfigError('option_invalid', 'only a receiver with a queue has work to do')
    if (lifecycle.isClosed()) throw new WebhookUnavailableError('draining', 'the receiver is closed')
    return queue
  }
  return receiver
}

function addressIn(context: unknown): string | undefined {
  const { remoteAddress } = Object(context) as { remoteAddress?: unknown }
  return typeof remoteAddress === 'string' ? remoteAddress : undefined
}

function jobOf({ body }: QueuedDelivery): string | undefined {
  const event = readEvent(body)
  return isRefusal(event) ? undefined : event.id
}
