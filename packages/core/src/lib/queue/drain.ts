import { rejectOnAbort } from '../shared/abort.ts'
import { monotonicNow } from '../shared/clock.ts'
import { WorkerStopped } from './retry-policy.ts'
import { toRest, tryAndLeave, type WorkerDeps } from './worker.ts'

/**
 * Handles what is due now, then resolves to how many deliveries were tried.
 *
 * @param maxMs How long it may take, in milliseconds; running handlers are then aborted
 */
export async function drain(deps: WorkerDeps, maxMs: number): Promise<{ processed: number }> {
  const { runner, clock, settings } = deps
  const stopping = new AbortController()
  const end = monotonicNow(clock) + maxMs
  const cancel = Number.isFinite(maxMs)
    ? clock.schedule(() => stopping.abort(new WorkerStopped()), maxMs)
    : () => {}
  const stopped = rejectOnAbort(stopping.signal).catch(() => {})
  let processed = 0
  const slot = async () => {
    while (monotonicNow(clock) < end) {
      const [leased] = await runner.claim({ limit: 1, leaseMs: settings.leaseMs })
      if (leased) {
        await tryAndLeave(deps, leased, stopping.signal)
        processed++
      } else if (!runner.isIdle() && (await toRest(deps)).heldBack) {
        await Promise.race([runner.whenIdle(), stopped])
      } else return
    }
  }
  const slots = await Promise.allSettled(Array.from({ length: settings.concurrency }, slot))
  cancel()
  const failed = slots.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return { processed }
}
