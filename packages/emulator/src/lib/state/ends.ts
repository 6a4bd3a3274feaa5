import type { EmulatorSignal } from '../shared/signals.ts'

/** Lets callers wait until things have ended. */
export interface Ends {
  observe(signal: EmulatorSignal): void
  /** Resolves once `isBusy` is false; asked again whenever a job or a delivery ends. */
  waitWhile(isBusy: () => boolean): Promise<void>
  /** Asks everybody who waits again. */
  recheck(): void
}

const ENDS = /^(job_(finished|deleted)|delivery_(acked|exhausted|disabled))$/

/** Creates a list of waiting callers. */
export function createEnds(): Ends {
  const waiting = new Set<() => void>()
  function recheck(): void {
    for (const check of waiting) check()
  }
  return {
    recheck,
    observe({ type }) {
      if (ENDS.test(type)) recheck()
    },
    waitWhile(isBusy) {
      return new Promise((resolve) => {
        function check(): void {
          if (isBusy()) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      })
    },
  }
}
