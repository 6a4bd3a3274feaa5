import type { Refusal } from '../shared/refusal.ts'
import { toLine } from './log-line.ts'
import type { ReceiverObserver } from './observer.ts'

/**
 * Tells whether a refusal says nothing new. A body that never arrives raw is a mistake in the mounting, the same for
 * every delivery: it is reported once, not for each attempt of each delivery.
 */
export function createRepetitionFilter(): (refusal: Refusal) => boolean {
  const seen = new Set<string>()
  return ({ refused, message }) => {
    if (refused !== 'raw_body_required') return false
    const before = seen.size
    return seen.add(message).size === before
  }
}

/** Without an observer, mistakes in the setup would not show at all, or as a bare 500: these are printed. */
export const defaultObserver: ReceiverObserver = (signal) => {
  if (signal.type === 'refused' && signal.code === 'raw_body_required') {
    console.error(`${signal.code}: ${signal.message}`)
  }
  if (signal.type === 'warning') console.warn(`${signal.code}: ${signal.message}`)
  if (signal.type === 'explained') console.warn(toLine(signal))
}
