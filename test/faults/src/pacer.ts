/** Starts deliveries at a steady pace; it can be paused while no receiver is up. */
export interface Pacer {
  turn(): Promise<void>
  pause(): void
  resume(): void
  close(): void
}

const TICK_MS = 5

export function createPacer(perSecond: number): Pacer {
  const waiting: (() => void)[] = []
  let allowed = 0
  let paused = false
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    if (!paused) allowed += ((now - last) / 1_000) * perSecond
    last = now
    for (; allowed >= 1 && waiting.length > 0; allowed--) waiting.shift()!()
    // Missed turns are dropped, so that a busy machine gets no burst.
    if (waiting.length === 0) allowed = Math.min(allowed, perSecond)
  }, TICK_MS)
  return {
    turn: () => new Promise((resolve) => waiting.push(resolve)),
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
    },
    close: () => clearInterval(timer),
  }
}
