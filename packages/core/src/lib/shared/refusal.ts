import {
  ERROR_STATUS,
  WebhookError,
  type WebhookErrorCode,
  WebhookPayloadError,
  WebhookUnavailableError,
  WebhookVerificationError,
} from './errors.ts'

/**
 * Why a delivery goes no further, as a value.
 *
 * Refusals travel down the line by `return`: an Error with its stack costs more than verifying does, and
 * whoever floods an endpoint with bad deliveries would choose the dearer path.
 */
export interface Refusal {
  readonly refused: WebhookErrorCode
  readonly message: string
}

export function refuse(refused: WebhookErrorCode, message: string): Refusal {
  return { refused, message }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}

/** The same refusal as the error a caller of the library catches. */
export function toError({ refused, message }: Refusal): WebhookError {
  return new (errorClass(refused))(refused, message)
}

function errorClass(code: WebhookErrorCode): typeof WebhookError {
  if (code === 'payload_invalid') return WebhookPayloadError
  const status = ERROR_STATUS[code]
  if (status === 503) return WebhookUnavailableError
  return status <= 403 ? WebhookVerificationError : WebhookError
}
