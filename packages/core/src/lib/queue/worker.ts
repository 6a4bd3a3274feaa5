import type { ExclusiveRunner } from './exclusive-runner.ts'
import type { QueueWorker, SettledDelivery } from './queue.ts'
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

/** Handles and settles a delivery that the runner claimed. Resolves to its outcome; see `tryDelivery`. */
export async function tryAndLeave(
  deps: WorkerDeps,
  leased: LeasedDelivery,
  stop: AbortSignal,
  onHandled?: () => void,
): Promise<SettledDelivery | undefined> {
  const settled = await tryDelivery(deps, leased, stop, onHandled)
  deps.runner.finished()
  return settled
}

/**
 * Starts a worker, which claims a delivery for each free slot whenever there may be one.
 *
 * A slot is free once its handler has ended. The delivery is then still being settled, so that a storage which groups
 * what arrives together can commit that settlement and the next claim at once.
 *
 * @param wakers Functions that make each worker of the queue look for deliveries at once; this one adds its own
 */
export function startWorker(deps: WorkerDeps, wakers: Set<() => void>): QueueWorker {
  const { runner, clock, settings } = deps
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let handling = 0
  let looking: Promise<void> | undefined
  let lookAgain = false
  let cancelLook = () => {}
  let stopped: Promise<void> | undefined

  // No more than this are claimed and not settled, even if settling is slow.
  const mostClaimed = 2 * settings.concurrency
  const countFree = () => Math.min(settings.concurrency - handling, mostClaimed - running.size)

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
      if (countFree() <= 0) return
      const { restMs, heldBack } = await toRest(deps)
      if (heldBack) runner.whenIdle().then(wakeUnlessStopped)
      if (!stopped) cancelLook = clock.schedule(wake, restMs)
    } catch (error) {
      settings.onError(error)
      if (!stopped) cancelLook = clock.schedule(wake, settings.pollMs)
    }
  }
  const claimAll = async () => {
    while (!stopped && countFree() > 0) {
      const limit = countFree()
      const claimed = await runner.claim({ limit, leaseMs: settings.leaseMs })
      claimed.forEach(run)
      if (claimed.length < limit) return
    }
  }
  const run = (leased: LeasedDelivery) => {
    let handled = false
    const leaveSlot = () => {
      if (handled) return
      handled = true
      handling--
      wakeUnlessStopped()
    }
    handling++
    const tried = tryAndLeave(deps, leased, stopping.signal, leaveSlot).then((settled) => {
      const wasFull = countFree() <= 0
      running.delete(tried)
      leaveSlot()
      // A delivery that is done leaves nothing to claim.
      if (wasFull || settled?.outcome !== 'done') wakeUnlessStopped()
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
