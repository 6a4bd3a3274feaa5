import type { ExclusiveRunner } from './exclusive-runner.ts'
import type { QueueWorker } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import { WorkerStopped } from './retry-policy.ts'
import type { LeasedDelivery } from './settlement.ts'
import { type TryDeps, tryDelivery } from './try-delivery.ts'

/** Dependencies of a worker or drain. */
export interface WorkerDeps extends TryDeps {
  storage: QueueStorage
  /** The deliveries of the queue that run in this process. */
  runner: ExclusiveRunner<LeasedDelivery, { limit: number; leaseMs: number }>
}

/** Handles a delivery that the runner claimed, then frees its slot. */
export async function tryAndLeave(
  deps: WorkerDeps,
  leased: LeasedDelivery,
  stop: AbortSignal,
): Promise<void> {
  await tryDelivery(deps, leased, stop)
  deps.runner.finished()
}

/**
 * Starts a worker, which claims a delivery for each free slot whenever there may be one.
 *
 * @param wakers Functions that make each worker of the queue look for deliveries at once; this one adds its own
 */
export function startWorker(deps: WorkerDeps, wakers: Set<() => void>): QueueWorker {
  const { runner, clock, settings } = deps
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let looking: Promise<void> | undefined
  let lookAgain = false
  let cancelLook = () => {}
  let stopped: Promise<void> | undefined

  const wake = () => {
    lookAgain = true
    looking ??= look().finally(() => {
      looking = undefined
      if (lookAgain && !stopped) wake()
    })
  }
  const wakeUnlessStopped = () => {
    if (!stopped) wake()
  }
  const look = async () => {
    cancelLook()
    lookAgain = false
    try {
      await claimAll()
      // With every slot busy, the first one that becomes free looks again.
      if (running.size >= settings.concurrency) return
      const { restMs, heldBack } = await toRest(deps)
      if (heldBack) runner.whenIdle().then(wakeUnlessStopped)
      if (!stopped) cancelLook = clock.schedule(wake, restMs)
    } catch (error) {
      settings.onError(error)
      if (!stopped) cancelLook = clock.schedule(wake, settings.pollMs)
    }
  }
  const claimAll = async () => {
    while (!stopped && running.size < settings.concurrency) {
      const limit = settings.concurrency - running.size
      const claimed = await runner.claim({ limit, leaseMs: settings.leaseMs })
      claimed.forEach(run)
      if (claimed.length < limit) return
    }
  }
  const run = (leased: LeasedDelivery) => {
    const tried = tryAndLeave(deps, leased, stopping.signal).finally(() => {
      running.delete(tried)
      wakeUnlessStopped()
    })
    running.add(tried)
  }
  const stop = async () => {
    wakers.delete(wake)
    cancelLook()
    // A pending claim still starts its deliveries; only then is `running` complete.
    await looking
    const cancel = clock.schedule(() => stopping.abort(new WorkerStopped()), settings.stopTimeoutMs)
    await Promise.all(running)
    cancel()
  }

  wakers.add(wake)
  wake()
  return {
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

/** How long a worker with nothing to claim may rest, and whether a delivery only waits until nothing else runs. */
export async function toRest(deps: WorkerDeps): Promise<{ restMs: number; heldBack: boolean }> {
  const { storage, runner, clock, settings } = deps
  const { pollMs } = settings
  const now = clock.now()
  const dueAt = await storage.nextDueAt(now)
  if (dueAt === undefined) return { restMs: pollMs, heldBack: false }
  const dueInMs = dueAt - now
  if (dueInMs <= 0 && !runner.isIdle()) return { restMs: pollMs, heldBack: true }
  return { restMs: Math.min(pollMs, Math.max(1, dueInMs)), heldBack: false }
}
