import { rejectOnAbort } from '../shared/abort.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { wholeNumber } from '../shared/options.ts'
import { createFloor } from './exclusive-runner.ts'
import type { DeliveryQueue, ProcessDelivery, QueueWorker, WorkOptions } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import { toWorkSettings, tryDelivery, type Workbench, WorkerStopped } from './queue-worker.ts'

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
  const floor: Workbench['floor'] = createFloor((terms) => storage.claim(terms))
  const wakeAll = () => {
    for (const wake of wakers) wake()
  }
  const toBench = (process: ProcessDelivery, options?: WorkOptions): Workbench => ({
    storage,
    floor,
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
    work: (process, options) => startWorker(toBench(process, options), wakers),
    drain: (process, options) => drain(toBench(process, options), checkMaxMs(options?.maxMs)),
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

/** Claims as many deliveries as there are free hands, whenever there may be something to claim. */
function startWorker(bench: Workbench, wakers: Set<() => void>): QueueWorker {
  const { floor, clock, settings } = bench
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
      // With every hand busy there is nothing to wait for: the first that is free looks again.
      if (running.size >= settings.concurrency) return
      const { restMs, heldBack } = await toRest(bench)
      if (heldBack) floor.emptied().then(wakeUnlessStopped)
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
      const claimed = await floor.claim({ limit, now, leaseUntil: now + settings.leaseMs })
      claimed.forEach(run)
      if (claimed.length < limit) return
    }
  }
  const run = (leased: Parameters<typeof tryDelivery>[1]) => {
    const tried = tryDelivery(bench, leased, stopping.signal).finally(() => {
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
async function toRest(bench: Workbench): Promise<{ restMs: number; heldBack: boolean }> {
  const { storage, floor, clock, settings } = bench
  const { pollMs } = settings
  const dueAt = await storage.nextDueAt()
  if (dueAt === undefined) return { restMs: pollMs, heldBack: false }
  const dueInMs = dueAt - clock.now()
  if (dueInMs <= 0 && !floor.isEmpty()) return { restMs: pollMs, heldBack: true }
  return { restMs: Math.min(pollMs, Math.max(1, dueInMs)), heldBack: false }
}

async function drain(bench: Workbench, maxMs: number): Promise<{ processed: number }> {
  const { floor, clock, settings } = bench
  const stopping = new AbortController()
  const end = clock.now() + maxMs
  const cancel = Number.isFinite(maxMs)
    ? clock.schedule(() => stopping.abort(new WorkerStopped()), maxMs)
    : () => {}
  const stopped = rejectOnAbort(stopping.signal).catch(() => {})
  let processed = 0
  const hand = async () => {
    while (clock.now() < end) {
      const now = clock.now()
      const [leased] = await floor.claim({ limit: 1, now, leaseUntil: now + settings.leaseMs })
      if (leased) {
        await tryDelivery(bench, leased, stopping.signal)
        processed++
      } else if (!floor.isEmpty() && (await toRest(bench)).heldBack) {
        await Promise.race([floor.emptied(), stopped])
      } else return
    }
  }
  const hands = await Promise.allSettled(Array.from({ length: settings.concurrency }, hand))
  cancel()
  const failed = hands.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return { processed }
}
