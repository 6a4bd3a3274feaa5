import { randomText } from '../shared/ids.ts'

/** Lets a browser in without the control token: a ticket from a one-time URL becomes a session. */
export interface Sessions {
  /** Makes a ticket that opens one session. */
  newTicket(): string
  /** Exchanges a ticket for the session's token; `undefined` when it is unknown or was used. */
  open(ticket: string): string | undefined
  /** Every token that is valid now. */
  tokens(): readonly string[]
}

const TOKEN_LENGTH = 32
// The oldest go first: a page that was forgotten gives way to one that is open.
const MAX_TICKETS = 32
const MAX_SESSIONS = 32

/** Creates sessions that end with the process. */
export function createSessions(): Sessions {
  const tickets = new Set<string>()
  const sessions = new Set<string>()
  return {
    newTicket: () => add(tickets, MAX_TICKETS),
    open: (ticket) => (tickets.delete(ticket) ? add(sessions, MAX_SESSIONS) : undefined),
    tokens: () => [...sessions],
  }
}

function add(texts: Set<string>, max: number): string {
  const text = randomText(TOKEN_LENGTH)
  texts.add(text)
  for (const oldest of texts) {
    if (texts.size <= max) break
    texts.delete(oldest)
  }
  return text
}
