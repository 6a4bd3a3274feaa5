import type { Refusal } from '../shared/refusal.ts'
import { toLine } from './log-line.ts'
import type { ReceiverObserver } from './observer.ts'

/**
 * Creates a filter that returns `true` for a repeated refusal. `raw_body_required` is a mistake in the mounting that
 * affects every delivery, so each message is reported once.
 */
export function createRepetitionFilter(): (refusal: Refusal) => boolean {
  const seen = new Set<string>()
  return ({ refused, message }) => {
    if (refused !== 'raw_body_required') return false
    const before = seen.size
    return seen.add(message).size === before
  }
}

/** The observer of a receiver without one. Prints mistakes in the setup, warnings and explanations to the console. */
export const defaultObserver: ReceiverObserver = (signal) => {
  if (signal.type === 'refused' && signal.code === 'raw_body_required') {
    console.error(`${signal.code}: ${signal.message}`)
  }
  if (signal.type === 'warning') console.warn(`${signal.code}: ${signal.message}`)
  if (signal.type === 'explained') console.warn(toLine(signal))
}
