const KEY = 'gwh-session'

/** Who reads: the token of this browser's session, or none. */
let token: string | null = null

/**
 * Opens the session: with the ticket of a one-time URL, or with the token of an earlier visit. The ticket is removed
 * from the address before anything is awaited, so that neither the history nor a copied address has it.
 */
export async function openSession(): Promise<void> {
  token = localStorage.getItem(KEY)
  const ticket = /^#ticket=([a-z0-9]+)$/.exec(location.hash)?.[1]
  if (ticket === undefined) return
  history.replaceState(null, '', location.pathname)
  const response = await fetch('/_gwh/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  if (!response.ok) return
  const opened: { token: string } = await response.json()
  token = opened.token
  localStorage.setItem(KEY, opened.token)
}

/** Forgets the session, because the emulator it belonged to has ended. */
export function closeSession(): void {
  token = null
  localStorage.removeItem(KEY)
}

/** The token to send, if there is one. */
export function sessionToken(): string | null {
  return token
}
