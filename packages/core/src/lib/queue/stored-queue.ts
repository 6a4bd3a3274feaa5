import { rejectOnAbort } from '../shared/abort.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { wholeNumber } from '../shared/options.ts'
import { createExclusiveRunner } from './exclusive-runner.ts'
import type { DeliveryQueue, ProcessDelivery, QueueWorker, WorkOptions } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import { toWorkSettings, tryDelivery, type WorkerDeps, WorkerStopped } from './queue-worker.ts'

/** What a queue takes from the world around it. */
export interface StoredQueueOptions {
  /** Default: the machine's clock. */
  clock?: Clock
  /** A number in [0, 1), for jitter. Default `Math.random`. */
  random?: () => number
}

/**
 * A queue on any storage that offers the transitions of `QueueStorage`: claims, renews, retries and buries.
 *
 * @example
 * ```ts
 * export const createMyQueue = (db: MyDb) => createStoredQueue(createMyStorage(db))
 * ```
 */
export function createStoredQueue(storage: QueueStorage, options: StoredQueueOptions = {}): DeliveryQueue {
  const { clock = systemClock, random = Math.random } = options
  // Workers of this process hear of a new delivery at once; those of others find it when they next look.
  const wakers = new Set<() => void>()
  const runner: WorkerDeps['runner'] = createExclusiveRunner((terms) => storage.claim(terms))
  const wakeAll = () => {
    for (const wake of wakers) wake()
  }
  const toDeps = (process: ProcessDelivery, options?: WorkOptions): WorkerDeps => ({
    storage,
    runner,
    clock,
    random,
    process,
    settings: toWorkSettings(options),
  })
  return {
    async enqueue(message) {
      const result = await storage.insert(message)
      if (result === 'enqueued') wakeAll()
      return result
    },
    work: (process, options) => startWorker(toDeps(process, options), wakers),
    drain: (process, options) => drain(toDeps(process, options), checkMaxMs(options?.maxMs)),
    stats: () => storage.stats(clock.now()),
    deadLetters: {
      list: (options) => storage.listDead(options?.limit ?? 100),
      async redrive(keyOrAll) {
        const redriven = await storage.redrive(keyOrAll, clock.now())
        if (redriven > 0) wakeAll()
        return redriven
      },
      purge: ({ olderThan }) => storage.purgeDead(olderThan),
    },
    isFull: () => storage.isFull?.() ?? false,
    close: () => storage.close(),
  }
}

/** Claims as many deliveries as there are free slots, whenever there may be something to claim. */
function startWorker(deps: WorkerDeps, wakers: Set<() => void>): QueueWorker {
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
      // With every slot busy there is nothing to wait for: the first that is free looks again.
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
      const now = clock.now()
      const claimed = await runner.claim({ limit, now, leaseUntil: now + settings.leaseMs })
      claimed.forEach(run)
      if (claimed.length < limit) return
    }
  }
  const run = (leased: Parameters<typeof tryDelivery>[1]) => {
    const tried = tryDelivery(deps, leased, stopping.signal).finally(() => {
      running.delete(tried)
      wakeUnlessStopped()
    })
    running.add(tried)
  }
  const stop = async () => {
    wakers.delete(wake)
    cancelLook()
    // A claim under way still starts its deliveries; only then is `running` complete.
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

function checkMaxMs(maxMs: number | undefined): number {
  return maxMs === Number.POSITIVE_INFINITY ? maxMs : wholeNumber('maxMs', maxMs, Number.POSITIVE_INFINITY)
}

/** How long a worker with nothing to claim may rest, and whether something only waits until nothing runs. */
async function toRest(deps: WorkerDeps): Promise<{ restMs: number; heldBack: boolean }> {
  const { storage, runner, clock, settings } = deps
  const { pollMs } = settings
  const dueAt = await storage.nextDueAt()
  if (dueAt === undefined) return { restMs: pollMs, heldBack: false }
  const dueInMs = dueAt - clock.now()
  if (dueInMs <= 0 && !runner.isIdle()) return { restMs: pollMs, heldBack: true }
  return { restMs: Math.min(pollMs, Math.max(1, dueInMs)), heldBack: false }
}

async function drain(deps: WorkerDeps, maxMs: number): Promise<{ processed: number }> {
  const { runner, clock, settings } = deps
  const stopping = new AbortController()
  const end = clock.now() + maxMs
  const cancel = Number.isFinite(maxMs)
    ? clock.schedule(() => stopping.abort(new WorkerStopped()), maxMs)
    : () => {}
  const stopped = rejectOnAbort(stopping.signal).catch(() => {})
  let processed = 0
  const slot = async () => {
    while (clock.now() < end) {
      const now = clock.now()
      const [leased] = await runner.claim({ limit: 1, now, leaseUntil: now + settings.leaseMs })
      if (leased) {
        await tryDelivery(deps, leased, stopping.signal)
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
