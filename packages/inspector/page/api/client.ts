import { closeSession, sessionToken } from './session.ts'

const { mode, base = '' } = document.documentElement.dataset

/** Whether the page belongs to an emulator; otherwise it is a dashboard over a queue. */
export const isEmulator = mode === 'emulator'

/** A refused request, in the server's words. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Calls the emulator's control API, by a path below `/_gwh`. */
export function control<Answer>(path: string, body?: object, method?: Method): Promise<Answer> {
  return send(`/_gwh${path}`, method ?? (body === undefined ? 'GET' : 'POST'), body)
}

/** Calls the API of the queue, by a path below it. */
export function queue<Answer>(path: string, body?: object): Promise<Answer> {
  const url = isEmulator ? `/_gwh/queue${path}` : `${base}/api${path}`
  return send(url, body === undefined ? 'GET' : 'POST', body, { 'x-gwh-action': '1' })
}

/** Opens the stream of signals. */
export function openSignals(signal: AbortSignal): Promise<Response> {
  return fetch('/_gwh/signals', { headers: authorization(), signal })
}

let onSignedOut: () => void = () => {}

/** Sets what is called when the server does not know this browser's session. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

async function send<Answer>(
  url: string,
  method: Method,
  body: object | undefined,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const json = method === 'GET' ? {} : { 'content-type': 'application/json' }
  const response = await fetch(url, {
    method,
    headers: { ...authorization(), ...json, ...headers },
    ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
  }).catch(() => {
    throw new ApiError(0, 'The server does not answer. Is it still running?')
  })
  if (response.ok) return response.json()
  const answer: { error?: { message?: string } } = await response.json().catch(() => ({}))
  if (isEmulator && response.status === 401) signOut()
  throw new ApiError(response.status, answer.error?.message ?? `The server answered ${response.status}.`)
}

function signOut(): void {
  closeSession()
  onSignedOut()
}

function authorization(): Record<string, string> {
  const token = sessionToken()
  return token === null ? {} : { authorization: `Bearer ${token}` }
}
