import type { Clock } from '../shared/clock.ts'
import type { ConfigWarning } from './secrets.ts'

/** Dependencies of the schemes. */
export interface SchemeSettings {
  /** The clock of caches. */
  clock: Clock
  /** Called with problems that do not prevent verification. */
  warn: (warning: ConfigWarning) => void
}
