import {
  ERROR_STATUS,
  WebhookError,
  type WebhookErrorCode,
  WebhookPayloadError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './errors.ts'

/**
 * Why a delivery is refused, as a value.
 *
 * The pipeline returns refusals instead of throwing errors, because an error with its stack costs more than verifying a
 * delivery, and would make flooding an endpoint cheaper than defending it.
 */
export interface Refusal {
  /** The stable error code. Only refusals have this member, so it tells them from results. */
  readonly refused: WebhookErrorCode
  /** The same code, under the name it has in a `WebhookError`. */
  readonly code: WebhookErrorCode
  /** The HTTP status a receiver answers with for this code. */
  readonly status: number
  /** The reason in words, without secrets or payload. */
  readonly message: string
}

/** Creates a refusal. */
export function refuse(refused: WebhookErrorCode, message: string): Refusal {
  return { refused, code: refused, status: ERROR_STATUS[refused], message }
}

/** Whether a value is a refusal. */
export function isRefusal(value: unknown): value is Refusal {
  // Reads the member, because V8 does not cache `in` for values of as many shapes as come here.
  return typeof value === 'object' && value !== null && (value as Partial<Refusal>).refused !== undefined
}

/** Converts a refusal to the error that a public function throws. */
export function toError({ refused, message }: Refusal): WebhookError {
  return new (errorClass(refused))(refused, message)
}

function errorClass(code: WebhookErrorCode): typeof WebhookError {
  if (code === 'payload_invalid') return WebhookPayloadError
  const status = ERROR_STATUS[code]
  if (status === 503) return WebhookUnavailableError
  return status <= 403 ? WebhookVerificationError : WebhookError
}
