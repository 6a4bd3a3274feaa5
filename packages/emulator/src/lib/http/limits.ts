import type { Limits } from '../shared/limits.ts'
import { RequestFault } from './faults.ts'

/** Refuses what would go beyond a limit, and says which. */
export function checkLimit(limits: Limits, name: keyof Limits, amount: number): void {
  if (amount <= limits[name]) return
  throw new RequestFault(
    'limit_exceeded',
    `This goes beyond the emulator's limits.${name} of ${limits[name]}.`,
  )
}
