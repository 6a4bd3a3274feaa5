import type { EmulatorSignal } from '../shared/signals.ts'

/** Lets callers wait until things have ended. */
export interface Ends {
  observe(signal: EmulatorSignal): void
  /**
   * Resolves once `isBusy` is false; asked again after jobs and deliveries have ended, once for all that ended at once.
   * Resolves too once `signal` is aborted: nothing is kept for who no longer waits.
   */
  waitWhile(isBusy: () => boolean, signal?: AbortSignal): Promise<void>
  /** Asks everybody who waits again. */
  recheck(): void
}

const ENDS: ReadonlySet<string> = new Set<EmulatorSignal['type']>([
  'job_finished',
  'job_deleted',
  'delivery_acked',
  'delivery_exhausted',
  'delivery_disabled',
])

/** Creates a list of waiting callers. */
export function createEnds(): Ends {
  const waiting = new Set<() => void>()
  function recheck(): void {
    for (const check of waiting) check()
  }
  let isPlanned = false
  function plan(): void {
    if (isPlanned || waiting.size === 0) return
    isPlanned = true
    queueMicrotask(() => {
      isPlanned = false
      recheck()
    })
  }
  return {
    recheck,
    observe({ type }) {
      if (ENDS.has(type)) plan()
    },
    waitWhile(isBusy, signal) {
      return new Promise((resolve) => {
        function end(): void {
          waiting.delete(check)
          signal?.removeEventListener('abort', end)
          resolve()
        }
        function check(): void {
          if (signal?.aborted || !isBusy()) end()
        }
        waiting.add(check)
        signal?.addEventListener('abort', end)
        check()
      })
    },
  }
}
