import type { EventInput } from '../events/envelope.ts'
import type { TimerClock } from '../shared/clock.ts'
import { newWebhookId } from '../shared/ids.ts'
import type { Settings } from '../shared/options.ts'
import type { DeliverySignal } from '../shared/signals.ts'
import type { Attempt, DeliverySnapshot, DeliveryState } from '../shared/types.ts'
import { type Outcome, sendAttempt } from './attempt.ts'
import { type Delivery, type Endpoint, identify, signedHeaders, toSnapshot } from './delivery.ts'
import { createPerKeyLimiter } from './per-key-limiter.ts'
import { nextAttemptAt, parseRetryAfter, type RetryPlan } from './schedule.ts'
import { findSend } from './target.ts'

// Wide enough that a laptop's receiver is the limit, narrow enough that file descriptors are not.
const ATTEMPTS_AT_ONCE_PER_ENDPOINT = 32

/** Owns all deliveries from their first attempt to their end; the given clock times the retries. */
export class Sender {
  readonly #clock: TimerClock
  readonly #settings: Settings
  readonly #plan: RetryPlan
  readonly #deliveries: Delivery[] = []
  readonly #perEndpoint = createPerKeyLimiter(ATTEMPTS_AT_ONCE_PER_ENDPOINT)
  readonly #stop = new AbortController()

  constructor(clock: TimerClock, settings: Settings) {
    this.#clock = clock
    this.#settings = settings
    this.#plan = { ...settings.retry, random: settings.random }
  }

  /** Starts one delivery per endpoint. */
  send(event: EventInput, body: Uint8Array<ArrayBuffer>, endpoints: readonly Endpoint[]): DeliverySnapshot[] {
    return endpoints.map((endpoint) => this.#open(event, body, endpoint)).map(toSnapshot)
  }

  /** Ends what is pending for a registered webhook that is gone or switched off. */
  disable(registrationId: string): void {
    for (const delivery of this.#deliveries) {
      const isTheirs = delivery.endpoint.registrationId === registrationId
      if (isTheirs && delivery.state === 'pending') this.#end(delivery, 'disabled')
    }
  }

  snapshots(): DeliverySnapshot[] {
    return this.#deliveries.map(toSnapshot)
  }

  /** Aborts running attempts and starts no more. */
  abort(): void {
    this.#stop.abort()
  }

  #open(event: EventInput, body: Uint8Array<ArrayBuffer>, endpoint: Endpoint): Delivery {
    const createdAt = this.#clock.now()
    const webhookId = newWebhookId()
    const delivery: Delivery = { webhookId, event, body, endpoint, createdAt, attempts: [], state: 'pending' }
    this.#deliveries.push(delivery)
    this.#planAt(delivery, createdAt + this.#plan.scheduleMs[0]!)
    return delivery
  }

  #planAt(delivery: Delivery, at: number): void {
    const work = () => this.#perEndpoint.run(delivery.endpoint.uri(), () => this.#attempt(delivery))
    delivery.timer = this.#clock.schedule(at, work)
  }

  async #attempt(delivery: Delivery): Promise<void> {
    // It may have ended while it waited for its turn.
    if (delivery.state !== 'pending' || this.#stop.signal.aborted) return
    delivery.timer = undefined
    const attempt = this.#begin(delivery)
    const startedAt = this.#settings.now()
    const outcome = await this.#post(delivery, attempt)
    this.#finish(delivery, attempt, outcome, this.#settings.now() - startedAt)
    if (delivery.state === 'pending' && outcome.code !== 'closed') this.#conclude(delivery, outcome)
  }

  #begin(delivery: Delivery): Attempt {
    const number = delivery.attempts.length + 1
    const attempt = { attempt: number, uri: delivery.endpoint.uri(), startedAt: this.#clock.now() }
    // Recorded before it is sent, so that no attempt goes unrecorded.
    delivery.attempts.push(attempt)
    this.#settings.observer({ type: 'attempt_started', ...this.#describe(delivery), attempt: number })
    return attempt
  }

  async #post(delivery: Delivery, attempt: Attempt): Promise<Outcome> {
    return sendAttempt({
      uri: attempt.uri,
      headers: await signedHeaders(delivery, attempt),
      body: delivery.body,
      timeoutMs: this.#settings.retry.timeoutMs,
      signal: this.#stop.signal,
      findSend: (uri) => findSend(uri, this.#settings),
    })
  }

  #finish(delivery: Delivery, begun: Attempt, outcome: Outcome, durationMs: number): void {
    const { retryAfter: _, answer, ...result } = outcome
    const { attempt, uri } = begun
    delivery.attempts[attempt - 1] = { ...begun, ...result, durationMs, ...(answer && { answer }) }
    const about = { ...this.#describe(delivery), uri, attempt, durationMs }
    this.#settings.observer({ type: 'attempt_finished', ...about, ...result })
  }

  #conclude(delivery: Delivery, outcome: Outcome): void {
    const at = outcome.code === undefined ? undefined : this.#retryAt(delivery, outcome)
    if (at !== undefined) this.#planRetry(delivery, at)
    else this.#end(delivery, outcome.code === undefined ? 'acked' : 'exhausted')
  }

  #retryAt(delivery: Delivery, outcome: Outcome): number | undefined {
    const finishedAt = this.#clock.now()
    const retryAfterMs = parseRetryAfter(outcome.retryAfter, finishedAt)
    const attempts = delivery.attempts.length
    return nextAttemptAt(this.#plan, { createdAt: delivery.createdAt, attempts, finishedAt, retryAfterMs })
  }

  #planRetry(delivery: Delivery, at: number): void {
    this.#planAt(delivery, at)
    const attempt = delivery.attempts.length + 1
    this.#settings.observer({ type: 'retry_planned', ...this.#describe(delivery), attempt, startsAt: at })
  }

  #end(delivery: Delivery, state: Exclude<DeliveryState, 'pending'>): void {
    delivery.state = state
    if (delivery.timer !== undefined) this.#clock.cancel(delivery.timer)
    delivery.timer = undefined
    const attempts = delivery.attempts.length
    this.#settings.observer({ type: `delivery_${state}`, ...this.#describe(delivery), attempts })
  }

  #describe(delivery: Delivery): DeliverySignal {
    return { at: this.#clock.now(), uri: delivery.endpoint.uri(), ...identify(delivery) }
  }
}
