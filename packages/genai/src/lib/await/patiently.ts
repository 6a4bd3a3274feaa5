import { type Clock, monotonicNow } from '@gwh/core/queue'
import { untilAborted } from '../shared/until-aborted.ts'

const AGAIN_MS = [100, 400, 1_500]

// A ledger that has used up its own time limit is not asked again.
const LATEST_MS = 1_500

/**
 * Runs a step, again after a while if the ledger is not available: for two seconds, or until the first attempt has failed
 * if that takes longer.
 *
 * @param signal Ends it at once when it is aborted; it then rejects with its reason
 */
export async function patiently<T>(step: () => Promise<T>, clock: Clock, signal?: AbortSignal): Promise<T> {
  const startedAt = monotonicNow(clock)
  for (const waitMs of AGAIN_MS) {
    try {
      return await untilAborted(step(), signal)
    } catch (error) {
      if (signal?.aborted || monotonicNow(clock) - startedAt > LATEST_MS) throw error
      await pause(waitMs, clock, signal)
    }
  }
  return await untilAborted(step(), signal)
}

async function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.schedule(resolve, ms)
  try {
    await untilAborted(promise, signal)
  } finally {
    cancel()
  }
}
