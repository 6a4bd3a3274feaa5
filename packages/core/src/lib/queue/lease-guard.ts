import { rejectOnAbort } from '../shared/abort.ts'
import type { Clock } from '../shared/clock.ts'
import { WebhookError } from '../shared/errors.ts'
import type { Lease, QueueStorage } from './queue-storage.ts'

/** Another worker holds the delivery now; nothing this one does to it counts. */
export class LeaseLost extends WebhookError {
  constructor() {
    super('internal', 'the lease was lost to another worker')
  }
}

/** A running handler's hold on its delivery. */
export interface LeaseGuard {
  /** For the handler: aborted when lease, time or the worker ends. */
  signal: AbortSignal
  /** Rejects with the signal's reason once it is aborted; stays pending otherwise. */
  ended: Promise<never>
  /** Stops renewing; to be called when the handler has settled. */
  close(): void
}

/** Keeps a lease renewed while its handler runs, and aborts the handler when that can go on no longer. */
export function guardLease(options: {
  storage: QueueStorage
  clock: Clock
  lease: Lease
  leaseMs: number
  handlerTimeoutMs: number
  stop: AbortSignal
}): LeaseGuard {
  const { storage, clock, lease, leaseMs, handlerTimeoutMs, stop } = options
  const controller = new AbortController()
  const { signal } = controller
  let closed = false
  let heldUntil = clock.now() + leaseMs

  const renewLater = () => clock.schedule(renew, Math.ceil(leaseMs / 3))
  const renew = async () => {
    const renewedUntil = clock.now() + leaseMs
    // A storage that cannot answer has not said that the lease is lost: ask again until it runs out.
    const kept = await storage.renew(lease, renewedUntil).catch(() => undefined)
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
