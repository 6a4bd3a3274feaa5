import { ERROR_STATUS, type WebhookErrorCode } from '../shared/errors.ts'

/** What the sender gets, without WHATWG objects. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const JSON_HEADERS = { 'content-type': 'application/json' }

// What takes seconds to heal gains nothing from being asked sooner. Where many senders are turned away at once,
// each is told another time: from here to four times as long.
const RETRY_AFTER_SECONDS: Partial<Record<WebhookErrorCode, number>> = {
  jwks_unavailable: 30,
  secret_unavailable: 30,
  store_unavailable: 5,
  store_corrupt: 30,
  store_volatile: 30,
  overloaded: 30,
  draining: 30,
}
const SPREAD = new Set<WebhookErrorCode>(['overloaded', 'draining'])

/** Verified, new, and either durable or handled. */
export const ACCEPTED: Answer = { status: 200, headers: JSON_HEADERS, body: '{"status":"accepted"}' }

/** Verified and already known: the sender is done with it. */
export const DUPLICATE: Answer = { status: 200, headers: JSON_HEADERS, body: '{"status":"duplicate"}' }

/** Another attempt of the same delivery is being handled right now. */
export function inFlightAnswer(leaseLeftMs: number): Answer {
  return toAnswer('in_flight', { 'retry-after': String(Math.max(1, Math.ceil(leaseLeftMs / 1000))) })
}

/**
 * The answer for a cause of failure: its status and a public word, never a message, so nothing about keys,
 * payloads or internals can leak. Every 401 says the same, so it cannot be used to probe which check failed.
 */
export function answerFor(code: WebhookErrorCode, random: () => number = Math.random): Answer {
  const least = RETRY_AFTER_SECONDS[code]
  const retryAfter = least && SPREAD.has(code) ? Math.round(least * (1 + 3 * random())) : least
  if (code === 'method_not_allowed') return toAnswer(code, { allow: 'POST' })
  return toAnswer(code, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) })
}

function toAnswer(code: WebhookErrorCode, headers: Record<string, string>): Answer {
  const status = ERROR_STATUS[code]
  const word = status === 401 ? 'unauthorized' : code
  return { status, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify({ error: word }) }
}

/** The same answer as a WHATWG `Response`; the only place that makes one. */
export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers })
}

/** The answer for a cause of failure as a WHATWG `Response`. */
export function responseFor(code: WebhookErrorCode): Response {
  return toResponse(answerFor(code))
}
