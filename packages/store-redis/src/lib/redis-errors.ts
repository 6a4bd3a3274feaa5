import { toCause, WebhookError, WebhookUnavailableError } from '@gwh/core/errors'

/**
 * Turns anything a client rejects with into a coded error: no connection, no answer, or an answer such as OOM,
 * READONLY, NOREPLICAS, LOADING or MOVED. None of them says anything about the key; the sender should try again later.
 *
 * @param doing The operation, for the message: "claim", "complete"
 * @param what The object of the operation, for the message
 */
export function toUnavailable(error: unknown, doing: string, what = 'delivery'): WebhookError {
  if (error instanceof WebhookError) return error
  const cause = toCause(error)
  const text = `Redis did not ${doing} the ${what}: ${cause.message}`
  return new WebhookUnavailableError('store_unavailable', text, { cause })
}

/** The error for an answer that the scripts of this package never give; a proxy may. */
export function unexpectedReply(): WebhookUnavailableError {
  return new WebhookUnavailableError('store_unavailable', 'Redis gave an unexpected answer')
}

/** The error for an answer that takes too long. */
export function noAnswer(ms: number): WebhookUnavailableError {
  return new WebhookUnavailableError('store_unavailable', `Redis did not answer within ${ms} ms`)
}
