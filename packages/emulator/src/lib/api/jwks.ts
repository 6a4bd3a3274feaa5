import type { Context } from 'hono'
import type { JwksFault } from '../shared/fault-types.ts'
import type { EmulatorState } from '../state/state.ts'

// As Google's other key sets are served (https://www.googleapis.com/oauth2/v3/certs); of this one it is not known.
const HEADERS = { 'cache-control': 'public, max-age=3600, must-revalidate, no-transform' }

const DEFAULT_DOWN_STATUS = 503
const DEFAULT_SLOW_MS = 5000

/** Serves the keys of dynamic webhooks, or what a fault makes of them. */
export function jwksHandler({ keys, faults }: Pick<EmulatorState, 'keys' | 'faults'>) {
  return async (c: Context): Promise<Response> => {
    const applied = faults.forJwks()
    faults.use(applied)
    let answer: Exclude<JwksFault, { type: 'jwks_slow' }> | undefined
    for (const { fault } of applied) {
      if (fault.type === 'jwks_slow') await wait(fault.ms ?? DEFAULT_SLOW_MS)
      else answer = fault
    }
    if (answer?.type === 'jwks_garbage') return c.html('<!doctype html><title>Sign in</title>')
    if (answer?.type === 'jwks_rotated') return c.json(await keys.foreignJwks(), 200, HEADERS)
    if (answer === undefined) return c.json(await keys.jwks(), 200, HEADERS)
    return new Response('Service unavailable', { status: answer.status ?? DEFAULT_DOWN_STATUS })
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
