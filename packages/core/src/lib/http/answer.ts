import { ERROR_STATUS, type WebhookErrorCode } from '../shared/errors.ts'

/** A response as plain values, because WHATWG objects cost more than verification. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const JSON_HEADERS = { 'content-type': 'application/json' }

// These failures take seconds to recover from, so an earlier retry would fail too. For the codes in SPREAD, which
// refuse many senders at once, the wait is random: from this value to four times as long.
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

/** The answer to a verified, new delivery that is now durable or handled. */
export const ACCEPTED: Answer = { status: 200, headers: JSON_HEADERS, body: '{"status":"accepted"}' }

/** The answer to a verified delivery that was accepted before. It is a 200, so the sender stops retrying. */
export const DUPLICATE: Answer = { status: 200, headers: JSON_HEADERS, body: '{"status":"duplicate"}' }

/** The answer while another attempt of the same delivery is being handled, with the rest of its lease as `retry-after`. */
export function inFlightAnswer(leaseLeftMs: number): Answer {
  return toAnswer('in_flight', { 'retry-after': String(Math.max(1, Math.ceil(leaseLeftMs / 1000))) })
}

/**
 * Returns the answer for an error code: its status and the code, never a message, so that nothing about keys, payloads
 * or internals leaks. Every 401 has the same body, so that it does not reveal which check failed.
 *
 * @param random Returns a number in [0, 1), to spread `retry-after`. Default `Math.random`
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

/** Converts an answer to a WHATWG `Response`. No other module creates one. */
export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers })
}

/** Returns the answer for an error code as a WHATWG `Response`. */
export function responseFor(code: WebhookErrorCode): Response {
  return toResponse(answerFor(code))
}
