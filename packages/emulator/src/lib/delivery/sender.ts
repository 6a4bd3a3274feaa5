import type { EventInput } from '../events/envelope.ts'
import type { FaultRules } from '../faults/rules.ts'
import type { TimerClock } from '../shared/clock.ts'
import type { DeliveryFault } from '../shared/fault-types.ts'
import { firstOf } from '../shared/first-of.ts'
import type { Settings } from '../shared/options.ts'
import { createTimerSet, type TimerSet } from '../shared/timer-set.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import type { Records } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import type { Outcome } from './attempt.ts'
import { makeRoom } from './capacity.ts'
import {
  type Delivery,
  type DeliveryEnd,
  type Endpoint,
  type EndpointRef,
  type Endpoints,
  newDelivery,
  registrationOf,
  toSnapshot,
} from './delivery.ts'
import { type DeliveryGroups, groupDeliveries } from './delivery-groups.ts'
import { createInterference, type Interference } from './interference.ts'
import { createPerKeyLimiter } from './per-key-limiter.ts'
import { prepareAttempt } from './ready-attempt.ts'
import { createReports, type Reports } from './reports.ts'
import {
  decide,
  isTooLate,
  type Rules,
  toResumed,
  withAttempt,
  withHold,
  withOutcome,
} from './transitions.ts'

// Wide enough that a laptop's receiver is the limit, narrow enough that file descriptors are not.
const ATTEMPTS_AT_ONCE_PER_ENDPOINT = 32

/** What a sender works with. */
export interface SenderOptions {
  readonly clock: TimerClock
  readonly settings: Settings
  readonly storage: Storage
  readonly endpoints: Endpoints
  readonly faults: FaultRules
}

/** Owns all deliveries from their first attempt to their end. */
export class Sender {
  readonly #clock: TimerClock
  readonly #settings: Settings
  readonly #storage: Storage
  readonly #deliveries: Records<Delivery>
  readonly #groups: DeliveryGroups
  readonly #endpoints: Endpoints
  readonly #faults: Interference
  readonly #rules: Rules
  readonly #timers: TimerSet
  readonly #reports: Reports
  readonly #perEndpoint = createPerKeyLimiter(ATTEMPTS_AT_ONCE_PER_ENDPOINT)
  /** Aborted when what is under way is to end: at the end, or when the deliveries are replaced. */
  #run = new AbortController()
  #isClosed = false

  constructor({ clock, settings, storage, endpoints, faults }: SenderOptions) {
    this.#clock = clock
    this.#settings = settings
    this.#storage = storage
    this.#deliveries = storage.records('delivery')
    this.#groups = groupDeliveries(this.#deliveries)
    this.#endpoints = endpoints
    this.#faults = createInterference(faults)
    this.#timers = createTimerSet(clock)
    const uriOf = (delivery: Delivery) => this.#uriOf(delivery)
    this.#reports = createReports({ observer: settings.observer, storage, now: () => clock.now(), uriOf })
    this.#rules = { plan: { ...settings.retry, random: settings.random }, profile: settings.profile }
  }

  /**
   * Starts one delivery per endpoint; to be called in a transaction.
   *
   * @throws RequestFault `limit_exceeded`
   */
  send(event: EventInput, body: string, endpoints: readonly EndpointRef[]): DeliverySnapshot[] {
    makeRoom(this.#deliveries, this.#groups.ended(), endpoints.length, this.#settings.limits.deliveries)
    const createdAt = this.#clock.now()
    return endpoints.map((endpoint) => {
      const delivery = newDelivery(event, body, endpoint, createdAt)
      return this.#snapshot(this.#plan(delivery, createdAt + this.#rules.plan.scheduleMs[0]!))
    })
  }

  /**
   * Goes on at `now` with what is stored: an earlier process left it, or it was put back. Attempts under way are cut,
   * and what comes of them is forgotten. To be called in a transaction.
   */
  resume(now: number): void {
    this.#storage.afterCommit(() => {
      this.#run.abort()
      this.#run = new AbortController()
      this.#timers.cancelAll()
    })
    for (const delivery of [...this.#groups.pending().values()]) {
      const resumed = toResumed(delivery, now)
      this.#plan(resumed, resumed.nextAttemptAt)
    }
  }

  /** Sends a delivery once more, now, with its id and body; the plan's attempts that are left come after it. */
  redeliver(id: string): DeliverySnapshot | undefined {
    const delivery = this.#deliveries.get(id)
    if (delivery === undefined) return undefined
    const redeliveredAt = this.#clock.now()
    return this.#snapshot(this.#plan({ ...delivery, state: 'pending', redeliveredAt }, redeliveredAt))
  }

  /** Whether a delivery is pending. */
  isBusy(): boolean {
    return this.#groups.pending().size > 0
  }

  /** How many deliveries are pending, and the first `limit` of them. */
  pending(limit: number): { readonly count: number; readonly first: readonly DeliverySnapshot[] } {
    const pending = this.#groups.pending()
    return {
      count: pending.size,
      first: firstOf(pending.values(), limit).map((delivery) => this.#snapshot(delivery)),
    }
  }

  /** Ends what is pending for a registered webhook that is gone or switched off. */
  disable(registrationId: string): void {
    for (const delivery of [...this.#groups.pendingFor(registrationId).values()])
      this.#end(delivery, 'disabled')
  }

  /** The deliveries as they are stored, oldest first. */
  get stored(): Pick<Records<Delivery>, 'get' | 'values'> {
    return this.#deliveries
  }

  snapshot(id: string): DeliverySnapshot | undefined {
    const delivery = this.#deliveries.get(id)
    return delivery && this.#snapshot(delivery)
  }

  snapshots(): DeliverySnapshot[] {
    return [...this.#deliveries.values()].map((delivery) => this.#snapshot(delivery))
  }

  /** Aborts running attempts and starts no more. */
  abort(): void {
    this.#isClosed = true
    this.#run.abort()
  }

  #plan(delivery: Delivery, at: number): Delivery {
    const planned = this.#deliveries.put({ ...delivery, nextAttemptAt: at })
    this.#storage.afterCommit(() => this.#timers.set(planned.id, at, () => this.#takeTurn(planned.id)))
    return planned
  }

  /** Waits until the endpoint has room for another attempt. */
  async #takeTurn(id: string): Promise<void> {
    const delivery = this.#deliveries.get(id)
    const { signal } = this.#run
    if (delivery === undefined) return
    await this.#perEndpoint.run(this.#uriOf(delivery), () => this.#attempt(id, signal))
  }

  async #attempt(id: string, signal: AbortSignal): Promise<void> {
    const delivery = this.#deliveries.get(id)
    // It may have ended or been planned anew while it waited for its turn.
    if (delivery?.state !== 'pending' || signal.aborted) return
    if (delivery.nextAttemptAt === undefined || delivery.nextAttemptAt > this.#clock.now()) return
    const endpoint = this.#endpoints.find(delivery.endpoint)
    if (endpoint === undefined) return this.#end(delivery, 'disabled')
    if (isTooLate(delivery, this.#rules.plan, this.#clock.now())) return this.#conclude(delivery, 'exhausted')
    const { faults, holdMs } = this.#faults.next(delivery, endpoint.uri)
    if (holdMs > 0) this.#plan(withHold(delivery, faults), this.#clock.now() + holdMs)
    else await this.#make(delivery, endpoint, faults, signal)
  }

  /** Makes an attempt. What throws before it is recorded has sent nothing, so the clock lets it be tried again. */
  async #make(
    delivery: Delivery,
    endpoint: Endpoint,
    faults: readonly DeliveryFault[],
    signal: AbortSignal,
  ): Promise<void> {
    const startsAt = this.#clock.now()
    const attempt = await prepareAttempt(delivery, endpoint, { startsAt, faults, settings: this.#settings })
    // It may have ended while it was signed.
    if (this.#deliveries.get(delivery.id) !== delivery || signal.aborted) return
    // Recorded before it is sent, so that no attempt goes unrecorded.
    const begun = this.#deliveries.put(
      withAttempt(delivery, endpoint.uri, startsAt, { faults, headers: attempt.headers }),
    )
    this.#timers.cancel(delivery.id)
    this.#reports.attemptStarted(begun)
    const startedAt = this.#settings.now()
    const outcome = await attempt.send(signal)
    const durationMs = this.#settings.now() - startedAt
    // A result that cannot be stored now is stored later: making the attempt again would send it twice.
    await this.#clock.runNow(() => {
      // Of a delivery that was replaced nothing is known.
      if (!signal.aborted || this.#isClosed) this.#settle(begun, outcome, durationMs)
    })
  }

  /** Stores what came of an attempt and what follows, in one change: what was acknowledged is never sent again. */
  #settle(begun: Delivery, outcome: Outcome, durationMs: number): void {
    this.#storage.atomically(() => {
      const known = this.#deliveries.get(begun.id)
      // It may have made room for another one.
      if (known === undefined) return
      const number = begun.attempts.length
      const finished = this.#deliveries.put(withOutcome(known, number, outcome, durationMs))
      this.#reports.attemptFinished(finished, number, outcome, durationMs)
      // It may have ended or been redelivered meanwhile.
      const isDecided = finished.state !== 'pending' || finished.attempts.length > number
      if (isDecided || finished.nextAttemptAt !== undefined || outcome.code === 'closed') return
      const decision = decide(finished, outcome, this.#rules, this.#clock.now())
      if ('end' in decision) return this.#conclude(finished, decision.end)
      this.#plan(finished, decision.nextAttemptAt)
      this.#reports.retryPlanned(finished, decision.nextAttemptAt)
    })
    this.#release(begun)
  }

  #conclude(delivery: Delivery, end: DeliveryEnd): void {
    this.#storage.atomically(() => {
      this.#end(delivery, end === 'gone' ? 'disabled' : end)
      if (!this.#endpoints.ended(delivery.endpoint, end)) return
      this.#reports.webhookDisabled(delivery)
      this.disable(registrationOf(delivery)!)
    })
  }

  #end(delivery: Delivery, state: 'acked' | 'exhausted' | 'disabled'): void {
    this.#deliveries.put({ ...delivery, state, nextAttemptAt: undefined })
    this.#storage.afterCommit(() => this.#timers.cancel(delivery.id))
    this.#reports.ended(delivery, state)
  }

  /** Lets what was waiting for this delivery to overtake it follow now. */
  #release(begun: Delivery): void {
    for (const held of this.#faults.overtaken(begun)) {
      const delivery = this.#deliveries.get(held)
      const isWaiting = delivery?.state === 'pending' && delivery.nextAttemptAt !== undefined
      if (isWaiting) this.#plan(delivery, this.#clock.now())
    }
  }

  #snapshot(delivery: Delivery): DeliverySnapshot {
    return toSnapshot(delivery, this.#uriOf(delivery))
  }

  /** Where it goes now: a registered webhook's URI can change. */
  #uriOf({ endpoint }: Delivery): string {
    return this.#endpoints.find(endpoint)?.uri ?? endpoint.uri
  }
}
