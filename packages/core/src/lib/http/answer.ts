import { ERROR_STATUS, type WebhookErrorCode } from '../shared/errors.ts'

/** A response in plain values; WHATWG objects would cost more than verifying does. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const JSON_HEADERS = { 'content-type': 'application/json' }

// Asking sooner does not help what takes seconds to recover. Where many senders are refused at once, the wait is
// spread: from this value to four times as long.
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

/** Verified and accepted before: the sender need not send it again. */
export const DUPLICATE: Answer = { status: 200, headers: JSON_HEADERS, body: '{"status":"duplicate"}' }

/** Another attempt of the same delivery is being handled right now. */
export function inFlightAnswer(leaseLeftMs: number): Answer {
  return toAnswer('in_flight', { 'retry-after': String(Math.max(1, Math.ceil(leaseLeftMs / 1000))) })
}

/**
 * The answer for a code: its status and a public word, never a message, so that nothing about keys, payloads or
 * internals leaks. Every 401 has the same body, so that it does not reveal which check failed.
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

/** The same answer as a WHATWG `Response`. No other module creates one. */
export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers })
}

/** The answer for a code as a WHATWG `Response`. */
export function responseFor(code: WebhookErrorCode): Response {
  return toResponse(answerFor(code))
}
