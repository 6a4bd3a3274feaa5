import { rejectOnAbort } from '../shared/abort.ts'
import { type Clock, monotonicNow } from '../shared/clock.ts'
import { WebhookError } from '../shared/errors.ts'
import type { Lease, Settlement } from './settlement.ts'

/** The reason for an abort when another worker has claimed the delivery. Every write of this worker is refused. */
export class LeaseLost extends WebhookError {
  constructor() {
    super('internal', 'the lease was lost to another worker')
  }
}

/** The lease of a delivery whose handler is running. */
export interface LeaseGuard {
  /** The handler's signal: aborted when the lease is lost, the handler times out, or the worker stops. */
  signal: AbortSignal
  /** Rejects with the signal's reason when it is aborted. Never resolves. */
  ended: Promise<never>
  /** Whether the lease may have expired, because the last renewal is long ago or the clock was set back. */
  isStale(): boolean
  /** Renews the lease now, or aborts the handler if it is lost. Rejects if the backend fails. */
  renew(): Promise<void>
  /** Stops renewing. Call it when the handler has settled. */
  close(): void
}

/** Dependencies and settings of a lease guard. */
export interface LeaseGuardOptions {
  settlement: Settlement
  clock: Clock
  lease: Lease
  leaseMs: number
  handlerTimeoutMs: number
  stop: AbortSignal
}

/** Renews a lease while its handler runs, and aborts the handler on a lost lease, a timeout or a stop. */
export function guardLease(options: LeaseGuardOptions): LeaseGuard {
  const { clock, handlerTimeoutMs, stop } = options
  const controller = new AbortController()
  const renewal = startRenewal(options, () => controller.abort(new LeaseLost()))
  const giveUp = () =>
    controller.abort(new WebhookError('handler_timeout', `a handler took longer than ${handlerTimeoutMs} ms`))
  const onStop = () => controller.abort(stop.reason)
  const cancelTimeout = clock.schedule(giveUp, handlerTimeoutMs)
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  return {
    signal: controller.signal,
    ended: rejectOnAbort(controller.signal),
    isStale: renewal.isStale,
    renew: renewal.renew,
    close() {
      renewal.close()
      cancelTimeout()
      stop.removeEventListener('abort', onStop)
    },
  }
}

function startRenewal({ settlement, clock, lease, leaseMs }: LeaseGuardOptions, onLost: () => void) {
  let closed = false
  let renewedAt = read(clock)
  let pending: Promise<void> | undefined
  let cancelNext = () => {}

  const renewLater = () => {
    // After a failed renewal the lease is still valid until it expires.
    if (!closed) cancelNext = clock.schedule(() => void renew().catch(() => {}), Math.ceil(leaseMs / 3))
  }
  const renew = () => {
    cancelNext()
    pending ??= renewNow().finally(() => {
      pending = undefined
      renewLater()
    })
    return pending
  }
  const renewNow = async () => {
    const start = read(clock)
    try {
      const kept = await settlement.renew(lease, start.wall + leaseMs, start.wall)
      if (kept) renewedAt = start
      else lose()
    } catch (error) {
      if (monotonicNow(clock) >= renewedAt.monotonic + leaseMs) lose()
      throw error
    }
  }
  const lose = () => {
    if (closed) return
    closed = true
    onLost()
  }
  renewLater()
  return {
    renew,
    isStale() {
      const present = read(clock)
      const wallMs = present.wall - renewedAt.wall
      // The monotonic clock stops while a machine is suspended, the wall clock does not.
      return Math.max(wallMs, present.monotonic - renewedAt.monotonic) >= leaseMs / 2 || wallMs < 0
    },
    close() {
      closed = true
      cancelNext()
    },
  }
}

function read(clock: Clock): { wall: number; monotonic: number } {
  return { wall: clock.now(), monotonic: monotonicNow(clock) }
}
