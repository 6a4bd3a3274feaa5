import { toCause, WebhookError, WebhookUnavailableError } from '@gwh/core/errors'

/**
 * The coded form of whatever a client rejects with: no answer, no connection, or an answer such as OOM, READONLY,
 * NOREPLICAS, LOADING or MOVED. None of them says anything about the key; the sender should try again later.
 *
 * @param doing What was attempted, for the message: "claim", "complete"
 */
export function toUnavailable(error: unknown, doing: string): WebhookError {
  if (error instanceof WebhookError) return error
  const cause = toCause(error)
  const text = `Redis did not ${doing} the delivery: ${cause.message}`
  return new WebhookUnavailableError('store_unavailable', text, { cause })
}

/** An answer this package's scripts do not give, from a proxy for instance. */
export function unexpectedReply(): WebhookUnavailableError {
  return new WebhookUnavailableError('store_unavailable', 'Redis gave an answer that is not understood')
}
