import type { AboutEmulator } from '@gwh/inspector/page'
import { CATALOGUE_TYPES } from '../events/event-types.ts'
import type { EmulatorState } from '../state/state.ts'

/** What the page needs to know about this emulator. */
export function about({ settings }: EmulatorState): AboutEmulator {
  const { profile, signing, queue, allowRemote } = settings
  return { eventTypes: CATALOGUE_TYPES, profile, signing, allowRemote, hasQueue: queue !== undefined }
}
