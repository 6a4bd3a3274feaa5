import type { EmulatorObserver } from '../shared/signals.ts'

/** Those who watch the emulator for a while. */
export interface Listeners {
  readonly observe: EmulatorObserver
  /** Calls `listener` with every signal from now on; returns what ends that. It must not throw. */
  add(listener: EmulatorObserver): () => void
}

/** Creates an empty list. */
export function createListeners(): Listeners {
  const listeners = new Set<EmulatorObserver>()
  return {
    observe(signal) {
      for (const listener of listeners) listener(signal)
    },
    add(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
