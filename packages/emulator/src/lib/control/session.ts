import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields } from '../http/fields.ts'
import type { EmulatorState } from '../state/state.ts'

/** Exchanges the ticket of a one-time URL for the token of a session. */
export function openSession({ sessions }: EmulatorState, body: Fields): { token: string } {
  checkKnown(body, ['ticket'])
  const token = typeof body.ticket === 'string' ? sessions.open(body.ticket) : undefined
  if (token !== undefined) return { token }
  throw new RequestFault(
    'control_token_missing',
    'The ticket was used or is not of this process. Ask for a new URL: `gwh page`, or `emulator.inspectorUrl()`.',
  )
}
