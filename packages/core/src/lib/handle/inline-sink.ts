import { ACCEPTED, type Answer, answerFor, DUPLICATE, inFlightAnswer } from '../http/answer.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { DeadReason } from '../queue/delivery-record.ts'
import type { Clock } from '../shared/clock.ts'
import { PermanentError, WebhookError } from '../shared/errors.ts'
import { isRefusal, toError } from '../shared/refusal.ts'
import { isInstance } from '../shared/thrown.ts'
import type { ActiveClaim, IdempotencyStore } from '../store/store.ts'
import { type Dispatch, type Dispatcher, readDispatch } from './dispatch.ts'
import { fromStore, type Sink, type SinkDelivery, toInfo, toStoreError } from './sink.ts'

/** Dependencies and limits of inline handling. */
export interface InlineOptions {
  store: IdempotencyStore
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
  return async (delivery, key) => {
    const present = now()
    const deadlines = { leaseUntil: present + leaseMs, expiresAt: present + retentionMs }
    const claim = await fromStore(() => store.claim(key, deadlines))
    if (claim.status === 'claimed') return await handle(options, delivery, claim)
    const known = claim.status === 'completed'
    observe({ type: known ? 'duplicate' : 'in_flight', delivery: toInfo(delivery), key })
    return known ? DUPLICATE : inFlightAnswer(claim.leaseUntil - present)
  }
}

async function handle(options: InlineOptions, delivery: SinkDelivery, claim: ActiveClaim): Promise<Answer> {
  const { key, attempt } = claim
  // The claim counts attempts, so a delivery that crashes its process also ends here.
  if (attempt > options.maxAttempts) return await giveUp(options, delivery, claim, 'attempts', undefined)
  const controller = new AbortController()
  const dispatched = readDispatch(delivery, { attempt, signal: controller.signal, key })
  if (isRefusal(dispatched))
    return await giveUp(options, delivery, claim, 'payload_invalid', toError(dispatched))
  const running = options.dispatch(dispatched)
  let outcome: boolean | typeof TIMED_OUT
  try {
    outcome = await withTimeout(running, options)
  } catch (error) {
    return await fail(options, delivery, claim, error)
  }
  return outcome === TIMED_OUT
    ? answerBeforeHandler(options, delivery, claim, running, dispatched, controller)
    : await succeed(options, delivery, claim, dispatched, outcome)
}

const TIMED_OUT = 'timed out'

/** Like `Promise.race` with a timer, which takes three times as many promises. */
function withTimeout(
  running: Promise<boolean>,
  { clock, handlerTimeoutMs }: InlineOptions,
): Promise<boolean | typeof TIMED_OUT> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(() => resolve(TIMED_OUT), handlerTimeoutMs)
    running.then(
      (handled) => {
        cancel()
        resolve(handled)
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}

async function succeed(
  { store, observe }: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  { event }: Dispatch,
  handled: boolean,
): Promise<Answer> {
  const about = { delivery: toInfo(delivery), key: claim.key }
  observe({ type: toType(handled), ...about, eventType: event.type, attempt: claim.attempt })
  // The event has been handled even if the lease was lost.
  await fromStore(() => store.complete(claim))
  observe({ type: 'accepted', ...about })
  return ACCEPTED
}

function toType(handled: boolean): 'handled' | 'unhandled' {
  return handled ? 'handled' : 'unhandled'
}

async function fail(
  options: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  error: unknown,
): Promise<Answer> {
  if (isInstance(error, PermanentError))
    return await giveUp(options, delivery, claim, 'handler_rejected', error)
  if (claim.attempt >= options.maxAttempts) return await giveUp(options, delivery, claim, 'attempts', error)
  const { key, attempt } = claim
  options.observe({ type: 'failed', delivery: toInfo(delivery), key, attempt, error })
  await fromStore(() => options.store.release(claim))
  return answerFor('handler_failed')
}

/** Accepts a failed delivery, because a retry cannot succeed. */
async function giveUp(
  { store, observe }: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  reason: DeadReason,
  error: unknown,
): Promise<Answer> {
  await fromStore(() => store.complete(claim))
  const { key, attempt } = claim
  observe({ type: 'dead', delivery: toInfo(delivery), key, attempt, reason, error })
  return ACCEPTED
}

/** Answers before the handler has finished. The claim is settled when it finishes, or when the lease ends. */
function answerBeforeHandler(
  { store, observe, handlerTimeoutMs }: InlineOptions,
  delivery: SinkDelivery,
  claim: ActiveClaim,
  running: Promise<boolean>,
  { event }: Dispatch,
  controller: AbortController,
): Answer {
  const error = new WebhookError('handler_timeout', `a handler took longer than ${handlerTimeoutMs} ms`)
  controller.abort(error)
  const { key, attempt } = claim
  const about = { delivery: toInfo(delivery), key, attempt }
  const completeLate = async (handled: boolean) => {
    // Another receiver may have taken over the delivery; then its result counts.
    const kept = await store.complete(claim)
    observe(
      kept ? { type: toType(handled), ...about, eventType: event.type } : { type: 'lease_lost', ...about },
    )
  }
  running
    .then(completeLate, () => store.release(claim))
    .catch((fault) => observe({ type: 'fault', code: 'store_unavailable', error: toStoreError(fault) }))
  observe({ type: 'failed', ...about, error })
  return answerFor('handler_timeout')
}
