import type { Refusal } from '../shared/refusal.ts'
import type { ReceiverObserver } from './observer.ts'

/**
 * Whether a refusal has nothing new to say. A body that never arrives raw is a mistake in the mounting, the same
 * for every delivery: it is reported once, not once for each retry of each of them.
 */
export function createRepetitionFilter(): (refusal: Refusal) => boolean {
  const told = new Set<string>()
  return ({ refused, message }) => {
    if (refused !== 'raw_body_required') return false
    const before = told.size
    return told.add(message).size === before
  }
}

/** Without an observer, mistakes in the setup would not show at all, or as a bare 500: these are printed. */
export const defaultObserver: ReceiverObserver = (signal) => {
  if (signal.type === 'refused' && signal.code === 'raw_body_required') {
    console.error(`${signal.code}: ${signal.message}`)
  }
  if (signal.type === 'warning') console.warn(`${signal.code}: ${signal.message}`)
}
