import { rejectOnAbort } from '../shared/abort.ts'
import type { Clock } from '../shared/clock.ts'
import { WebhookError } from '../shared/errors.ts'
import type { Lease, Settlement } from './settlement.ts'

/** Another worker has claimed the delivery; every write of this one is refused. */
export class LeaseLost extends WebhookError {
  constructor() {
    super('internal', 'the lease was lost to another worker')
  }
}

/** The lease of a delivery whose handler is running. */
export interface LeaseGuard {
  /** The handler's signal: aborted when the lease is lost, its time is up, or the worker stops. */
  signal: AbortSignal
  /** Rejects with the signal's reason once it is aborted; stays pending otherwise. */
  ended: Promise<never>
  /** Stops renewing; call it when the handler has settled. */
  close(): void
}

/** Renews a lease while its handler runs, and aborts the handler when it must end. */
export function guardLease(options: {
  settlement: Settlement
  clock: Clock
  lease: Lease
  leaseMs: number
  handlerTimeoutMs: number
  stop: AbortSignal
}): LeaseGuard {
  const { settlement, clock, lease, leaseMs, handlerTimeoutMs, stop } = options
  const controller = new AbortController()
  const { signal } = controller
  let closed = false
  let heldUntil = clock.now() + leaseMs

  const renewLater = () => clock.schedule(renew, Math.ceil(leaseMs / 3))
  const renew = async () => {
    const renewedUntil = clock.now() + leaseMs
    // A backend that cannot answer has not said that the lease is lost: ask again until it runs out.
    const kept = await settlement.renew(lease, renewedUntil).catch(() => undefined)
    if (closed) return
    if (kept) heldUntil = renewedUntil
    if (kept === false || clock.now() >= heldUntil) controller.abort(new LeaseLost())
    else cancelRenewal = renewLater()
  }
  const giveUp = () =>
    controller.abort(new WebhookError('handler_timeout', `a handler took longer than ${handlerTimeoutMs} ms`))
  const onStop = () => controller.abort(stop.reason)

  let cancelRenewal = renewLater()
  const cancelTimeout = clock.schedule(giveUp, handlerTimeoutMs)
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  return {
    signal,
    ended: rejectOnAbort(signal),
    close() {
      closed = true
      cancelRenewal()
      cancelTimeout()
      stop.removeEventListener('abort', onStop)
    },
  }
}
