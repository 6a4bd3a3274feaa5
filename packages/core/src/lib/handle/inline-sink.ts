import { ACCEPTED, type Answer, answerFor, DUPLICATE, inFlightAnswer } from '../http/answer.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { DeadReason } from '../queue/delivery-record.ts'
import type { Clock } from '../shared/clock.ts'
import { PermanentError, WebhookError } from '../shared/errors.ts'
import { type MaybePromise, mapMaybe, tryMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, toError } from '../shared/refusal.ts'
import { isInstance } from '../shared/thrown.ts'
import type { ActiveClaim, ReceiverStore } from '../store/store.ts'
import { type Dispatch, type Dispatcher, readDispatch } from './dispatch.ts'
import { fromStore, type Sink, type SinkDelivery, toInfo, toStoreError } from './sink.ts'

/** Dependencies and limits of inline handling. */
export interface InlineOptions {
  store: ReceiverStore
  dispatch: Dispatcher
  observe: ReceiverObserver
  clock: Clock
  now: () => number
  leaseMs: number
  retentionMs: number
  handlerTimeoutMs: number
  maxAttempts: number
}

/** Creates a sink that handles a delivery before the answer, once per key. Failed deliveries are retried by the sender. */
export function createInlineSink(options: InlineOptions): Sink {
  const { store, observe, now, leaseMs, retentionMs } = options
  return (delivery, key) => {
    const present = now()
    const deadlines = { leaseUntil: present + leaseMs, expiresAt: present + retentionMs }
    const claimed = fromStore(() => store.claim(key, deadlines))
    return mapMaybe(claimed, (claim) => {
      if (claim.status === 'claimed') return handle(options, delivery, claim)
      const known = claim.status === 'completed'
      observe({ type: known ? 'duplicate' : 'in_flight', delivery: toInfo(delivery), key })
      return known ? DUPLICATE : inFlightAnswer(claim.leaseUntil - present)
    })
  }
}

function handle(options: InlineOptions, delivery: SinkDelivery, claim: ActiveClaim): MaybePromise<Answer> {
  const { key, attempt } = claim
  // The claim counts attempts, so a delivery that crashes its process also ends here.
  if (attempt > options.maxAttempts) return giveUp(options, delivery, claim, 'attempts', undefined)
  const controller = new AbortController()
  const dispatched = readDispatch(delivery, { attempt, signal: controller.signal, key })
  if (isRefusal(dispatched)) return giveUp(options, delivery, claim, 'payload_invalid', toError(dispatched))
  const settle = (outcome: Outcome) =>
    typeof outcome === 'boolean'
      ? succeed(options, delivery, claim, dispatched, outcome)
      : fail(options, delivery, claim, outcome.error)
  const running = tryMaybe(() => options.dispatch(dispatched), toFailure)
  // Handlers that have returned already cannot time out.
  if (!(running instanceof Promise)) return settle(running)
  return withTimeout(running, options).then((outcome) =>
    outcome === TIMED_OUT
      ? answerBeforeHandler(options, delivery, claim, running, dispatched, controller)
      : settle(outcome),
  )
}

/** Whether anything received the event, or what a handler has thrown. */
type Outcome = boolean | { error: unknown }

function toFailure(error: unknown): Outcome {
  return { error }
}

const TIMED_OUT = 'timed out'

/** Like `Promise.race` with a timer, which takes three times as many promises. */
function withTimeout(
  running: Promise<Outcome>,
  { clock, handlerTimeoutMs }: InlineOptions,
): Promise<Outcome | typeof TIMED_OUT> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(() => resolve(TIMED_OUT), handlerTimeoutMs)
    running.then((outcome) => {
      cancel()
      resolve(outcome)
    })
  })
}

function succeed(
  { store, observe }: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  { event }: Dispatch,
  handled: boolean,
): MaybePromise<Answer> {
  const { key, attempt } = claim
  const about = toInfo(delivery)
  observe({ type: toType(handled), delivery: about, key, eventType: event.type, attempt })
  // The event has been handled even if the lease was lost.
  const completed = fromStore(() => store.complete(claim))
  return mapMaybe(completed, () => {
    observe({ type: 'accepted', delivery: about, key })
    return ACCEPTED
  })
}

function toType(handled: boolean): 'handled' | 'unhandled' {
  return handled ? 'handled' : 'unhandled'
}

function fail(
  options: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  error: unknown,
): MaybePromise<Answer> {
  if (isInstance(error, PermanentError)) return giveUp(options, delivery, claim, 'handler_rejected', error)
  if (claim.attempt >= options.maxAttempts) return giveUp(options, delivery, claim, 'attempts', error)
  const { key, attempt } = claim
  options.observe({ type: 'failed', delivery: toInfo(delivery), key, attempt, error })
  const released = fromStore(() => options.store.release(claim))
  return mapMaybe(released, () => answerFor('handler_failed'))
}

/** Accepts a failed delivery, because a retry cannot succeed. */
function giveUp(
  { store, observe }: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  reason: DeadReason,
  error: unknown,
): MaybePromise<Answer> {
  const { key, attempt } = claim
  const completed = fromStore(() => store.complete(claim))
  return mapMaybe(completed, () => {
    observe({ type: 'dead', delivery: toInfo(delivery), key, attempt, reason, error })
    return ACCEPTED
  })
}

/** Answers before the handler has finished. The claim is settled when it finishes, or when the lease ends. */
function answerBeforeHandler(
  { store, observe, handlerTimeoutMs }: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  running: Promise<Outcome>,
  { event }: Dispatch,
  controller: AbortController,
): Answer {
  const error = new WebhookError('handler_timeout', `a handler took longer than ${handlerTimeoutMs} ms`)
  controller.abort(error)
  const { key, attempt } = claim
  const about = { delivery: toInfo(delivery), key, attempt }
  const settleLate = async (outcome: Outcome) => {
    if (typeof outcome !== 'boolean') return void (await store.release(claim))
    // Another receiver may have taken over the delivery; then its result counts.
    const kept = await store.complete(claim)
    observe(
      kept ? { type: toType(outcome), ...about, eventType: event.type } : { type: 'lease_lost', ...about },
    )
  }
  running
    .then(settleLate)
    .catch((fault) => observe({ type: 'fault', code: 'store_unavailable', error: toStoreError(fault) }))
  observe({ type: 'failed', ...about, error })
  return answerFor('handler_timeout')
}
