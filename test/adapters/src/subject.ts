// What every server of the matrix has in common, with web standards only.
import type { Receiver } from '@gwh/core'
import { createContractReceiver } from '@gwh/testing/contract-receiver'

/** The path every server mounts its receiver at. */
export const PATH = '/webhooks'

/** What stands behind the adapter: a receiver in one of its modes, or the canary. */
export type Subject = 'inline' | 'queue' | 'canary'

export function createSubject(subject: Subject): Receiver {
  return subject === 'canary' ? createCanary() : createContractReceiver({ mode: subject })
}

/** Accepts everything: a contract that passes with it tests nothing. */
function createCanary(): Receiver {
  const answer = {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"status":"accepted"}',
  }
  return {
    ...createContractReceiver(),
    receive: async () => answer,
    fetch: async () => new Response(answer.body, answer),
  }
}

/** The routing a bare `fetch` server leaves to its user. */
export function isOurs(request: Request): boolean {
  // The URL of a CONNECT request is an authority.
  return URL.parse(request.url)?.pathname === PATH
}

export const NOT_FOUND = () => new Response(null, { status: 404 })
