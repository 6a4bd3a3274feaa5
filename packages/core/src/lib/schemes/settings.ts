import type { Clock } from '../shared/clock.ts'
import type { ConfigWarning } from './secrets.ts'

/** What schemes need from their surroundings. */
export interface SchemeSettings {
  /** Time and timers of caches. */
  clock: Clock
  /** Receives problems that do not stop anything. */
  warn: (warning: ConfigWarning) => void
}
