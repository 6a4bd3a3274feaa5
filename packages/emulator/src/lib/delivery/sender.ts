import type { EventInput } from '../events/envelope.ts'
import type { Timer, TimerClock } from '../shared/clock.ts'
import { newWebhookId } from '../shared/ids.ts'
import type { Settings } from '../shared/options.ts'
import type { DeliverySignal } from '../shared/signals.ts'
import type { Attempt, DeliverySnapshot, DeliveryState } from '../shared/types.ts'
import type { Records } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import { type Outcome, sendAttempt } from './attempt.ts'
import {
  type Delivery,
  type Endpoint,
  type EndpointRef,
  type FindEndpoint,
  identify,
  signedHeaders,
  toSnapshot,
} from './delivery.ts'
import { createPerKeyLimiter } from './per-key-limiter.ts'
import { nextAttemptAt, parseRetryAfter, type RetryPlan } from './schedule.ts'
import { findSend } from './target.ts'

// Wide enough that a laptop's receiver is the limit, narrow enough that file descriptors are not.
const ATTEMPTS_AT_ONCE_PER_ENDPOINT = 32

/** What a sender works with. */
export interface SenderOptions {
  /** Times the retries. */
  readonly clock: TimerClock
  readonly settings: Settings
  readonly storage: Storage
  readonly findEndpoint: FindEndpoint
}

/** Owns all deliveries from their first attempt to their end. */
export class Sender {
  readonly #clock: TimerClock
  readonly #settings: Settings
  readonly #storage: Storage
  readonly #deliveries: Records<Delivery>
  readonly #findEndpoint: FindEndpoint
  readonly #plan: RetryPlan
  readonly #timers = new Map<string, Timer>()
  readonly #perEndpoint = createPerKeyLimiter(ATTEMPTS_AT_ONCE_PER_ENDPOINT)
  readonly #stop = new AbortController()

  constructor({ clock, settings, storage, findEndpoint }: SenderOptions) {
    this.#clock = clock
    this.#settings = settings
    this.#storage = storage
    this.#deliveries = storage.records('delivery')
    this.#findEndpoint = findEndpoint
    this.#plan = { ...settings.retry, random: settings.random }
  }

  /** Starts one delivery per endpoint. */
  send(event: EventInput, body: string, endpoints: readonly EndpointRef[]): DeliverySnapshot[] {
    return endpoints
      .map((endpoint) => this.#open(event, body, endpoint))
      .map((delivery) => this.#snapshot(delivery))
  }

  /** Goes on with what an earlier process left pending. */
  resume(): void {
    for (const delivery of [...this.#deliveries.values()]) {
      if (delivery.state !== 'pending') continue
      const cut = delivery.attempts.at(-1)
      const wasCut = cut !== undefined && cut.durationMs === undefined
      const known = wasCut ? this.#record(delivery, { ...cut, code: 'closed', durationMs: 0 }) : delivery
      // An attempt that was cut may not have been sent, so it is made again at once.
      this.#planAt(known, known.nextAttemptAt ?? this.#clock.now())
    }
  }

  /** Ends what is pending for a registered webhook that is gone or switched off. */
  disable(registrationId: string): void {
    for (const delivery of [...this.#deliveries.values()]) {
      const { endpoint, state } = delivery
      const isTheirs = endpoint.scheme === 'static' && endpoint.registrationId === registrationId
      if (isTheirs && state === 'pending') this.#end(delivery, 'disabled')
    }
  }

  /** Sends a delivery once more, now, with its id and body; the plan's attempts that are left come after it. */
  redeliver(id: string): DeliverySnapshot | undefined {
    const delivery = this.#deliveries.get(id)
    if (delivery === undefined) return undefined
    this.#unplan(id)
    return this.#snapshot(this.#planAt({ ...delivery, state: 'pending' }, this.#clock.now()))
  }

  /** Forgets every timer, for records that are about to be replaced. */
  unplan(): void {
    for (const id of [...this.#timers.keys()]) this.#unplan(id)
  }

  /** Whether a delivery is pending. */
  isBusy(): boolean {
    return [...this.#deliveries.values()].some(({ state }) => state === 'pending')
  }

  snapshots(): DeliverySnapshot[] {
    return [...this.#deliveries.values()].map((delivery) => this.#snapshot(delivery))
  }

  /** Aborts running attempts and starts no more. */
  abort(): void {
    this.#stop.abort()
  }

  #open(event: EventInput, body: string, endpoint: EndpointRef): Delivery {
    const createdAt = this.#clock.now()
    const { type: eventType, jobId } = event
    const about = { id: newWebhookId(), eventType, ...(jobId !== undefined && { jobId }) }
    const delivery: Delivery = { ...about, body, endpoint, createdAt, attempts: [], state: 'pending' }
    return this.#planAt(delivery, createdAt + this.#plan.scheduleMs[0]!)
  }

  #planAt(delivery: Delivery, at: number): Delivery {
    const planned = this.#deliveries.put({ ...delivery, nextAttemptAt: at })
    const work = () => this.#perEndpoint.run(this.#uriOf(planned), () => this.#attempt(planned.id))
    this.#timers.set(planned.id, this.#clock.schedule(at, work))
    return planned
  }

  async #attempt(id: string): Promise<void> {
    const delivery = this.#deliveries.get(id)
    // It may have ended while it waited for its turn.
    if (delivery?.state !== 'pending' || this.#stop.signal.aborted) return
    this.#timers.delete(id)
    const endpoint = this.#findEndpoint(delivery.endpoint)
    if (endpoint === undefined) return void this.#end(delivery, 'disabled')
    const begun = this.#begin(delivery, endpoint)
    const startedAt = this.#settings.now()
    const outcome = await this.#post(begun, endpoint)
    const durationMs = this.#settings.now() - startedAt
    // One change: a process that ends in between must not send what was acknowledged.
    this.#storage.atomically(() => {
      const finished = this.#finish(begun, outcome, durationMs)
      if (finished.state === 'pending' && outcome.code !== 'closed') this.#conclude(finished, outcome)
    })
  }

  #begin(delivery: Delivery, { uri }: Endpoint): Delivery {
    const attempt: Attempt = { attempt: delivery.attempts.length + 1, uri, startedAt: this.#clock.now() }
    // Recorded before it is sent, so that no attempt goes unrecorded.
    const begun = this.#deliveries.put({
      ...delivery,
      endpoint: { ...delivery.endpoint, uri },
      attempts: [...delivery.attempts, attempt],
      nextAttemptAt: undefined,
    })
    this.#settings.observer({ type: 'attempt_started', ...this.#describe(begun), attempt: attempt.attempt })
    return begun
  }

  async #post(delivery: Delivery, endpoint: Endpoint): Promise<Outcome> {
    return sendAttempt({
      uri: endpoint.uri,
      headers: await signedHeaders(delivery, delivery.attempts.at(-1)!, endpoint),
      body: new TextEncoder().encode(delivery.body),
      timeoutMs: this.#settings.retry.timeoutMs,
      signal: this.#stop.signal,
      findSend: (uri) => findSend(uri, this.#settings),
    })
  }

  /** Completes the record of the running attempt; the delivery may have ended meanwhile. */
  #finish(begun: Delivery, outcome: Outcome, durationMs: number): Delivery {
    const { retryAfter: _, answer, ...result } = outcome
    const attempt = { ...begun.attempts.at(-1)!, ...result, durationMs, ...(answer && { answer }) }
    const finished = this.#record(this.#deliveries.get(begun.id) ?? begun, attempt)
    const about = { ...this.#describe(finished), uri: attempt.uri, attempt: attempt.attempt, durationMs }
    this.#settings.observer({ type: 'attempt_finished', ...about, ...result })
    return finished
  }

  #record(delivery: Delivery, attempt: Attempt): Delivery {
    return this.#deliveries.put({ ...delivery, attempts: [...delivery.attempts.slice(0, -1), attempt] })
  }

  #conclude(delivery: Delivery, outcome: Outcome): void {
    const at = outcome.code === undefined ? undefined : this.#retryAt(delivery, outcome)
    if (at !== undefined) this.#planRetry(delivery, at)
    else this.#end(delivery, outcome.code === undefined ? 'acked' : 'exhausted')
  }

  #retryAt(delivery: Delivery, outcome: Outcome): number | undefined {
    const finishedAt = this.#clock.now()
    const retryAfterMs = parseRetryAfter(outcome.retryAfter, finishedAt)
    // One that the emulator cut short uses up none of the receiver's.
    const attempts = delivery.attempts.filter(({ code }) => code !== 'closed').length
    return nextAttemptAt(this.#plan, { createdAt: delivery.createdAt, attempts, finishedAt, retryAfterMs })
  }

  #planRetry(delivery: Delivery, at: number): void {
    this.#planAt(delivery, at)
    const attempt = delivery.attempts.length + 1
    this.#settings.observer({ type: 'retry_planned', ...this.#describe(delivery), attempt, startsAt: at })
  }

  #end(delivery: Delivery, state: Exclude<DeliveryState, 'pending'>): void {
    this.#deliveries.put({ ...delivery, state, nextAttemptAt: undefined })
    this.#unplan(delivery.id)
    const attempts = delivery.attempts.length
    this.#settings.observer({ type: `delivery_${state}`, ...this.#describe(delivery), attempts })
  }

  #unplan(id: string): void {
    const timer = this.#timers.get(id)
    if (timer !== undefined) this.#clock.cancel(timer)
    this.#timers.delete(id)
  }

  #describe(delivery: Delivery): DeliverySignal {
    return { at: this.#clock.now(), uri: this.#uriOf(delivery), ...identify(delivery) }
  }

  #snapshot(delivery: Delivery): DeliverySnapshot {
    return toSnapshot(delivery, this.#uriOf(delivery))
  }

  /** Where it goes now: a registered webhook's URI can change. */
  #uriOf({ endpoint }: Delivery): string {
    return this.#findEndpoint(endpoint)?.uri ?? endpoint.uri
  }
}
