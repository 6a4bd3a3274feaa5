/**
 * Every error code, with the HTTP status of its answer.
 *
 * The codes are stable. They appear in errors and observer signals and, except for 401, in answers. Each has a page in
 * `docs/errors/`.
 */
export const ERROR_STATUS = {
  header_missing: 400,
  header_duplicate: 400,
  header_malformed: 400,
  id_malformed: 400,
  timestamp_malformed: 400,
  signature_malformed: 400,
  timestamp_too_old: 401,
  timestamp_too_new: 401,
  scheme_unsupported: 401,
  signature_invalid: 401,
  jwt_malformed: 401,
  jwt_alg: 401,
  jwt_header_forbidden: 401,
  jwt_claims: 401,
  jwt_body_unbound: 401,
  jwt_replay_body_mismatch: 401,
  jwks_unavailable: 503,
  secret_unavailable: 503,
  job_unknown: 403,
  method_not_allowed: 405,
  path_not_found: 404,
  body_timeout: 408,
  body_too_large: 413,
  body_unreadable: 400,
  content_encoding: 415,
  payload_invalid: 400,
  in_flight: 409,
  handler_failed: 500,
  handler_timeout: 500,
  store_unavailable: 503,
  store_corrupt: 503,
  store_volatile: 503,
  overloaded: 503,
  draining: 503,
  internal: 500,
  raw_body_required: 500,
  secret_empty: 500,
  secret_malformed: 500,
  option_invalid: 500,
  wait_timeout: 500,
  job_failed: 500,
  job_given_up: 500,
  job_untracked: 500,
  result_not_found: 500,
  result_unavailable: 500,
  result_unsupported: 500,
  continuation_unknown: 500,
  row_invalid: 500,
  api_failed: 500,
  secret_unsaved: 500,
  forward_failed: 500,
} as const

/** A stable error code. */
export type WebhookErrorCode = keyof typeof ERROR_STATUS

/**
 * Base of every error this package throws on purpose.
 *
 * @example
 * ```ts
 * if (error instanceof WebhookError && error.code === 'timestamp_too_old') { … }
 * ```
 */
export class WebhookError extends Error {
  /** The stable code of the cause. */
  readonly code: WebhookErrorCode
  /** The HTTP status a receiver answers with for this cause. */
  readonly status: number

  constructor(code: WebhookErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.status = ERROR_STATUS[code]
  }
}

/** The delivery could not be verified as a fresh message of the sender. */
export class WebhookVerificationError extends WebhookError {}

/** The signed body is not a valid event. A retry of the same delivery cannot succeed. */
export class WebhookPayloadError extends WebhookError {}

/** Keys, a store or a queue are temporarily unavailable. The sender should retry. */
export class WebhookUnavailableError extends WebhookError {}

/** An option is missing or invalid, or a backend is configured so that it may lose acknowledged deliveries. */
export class WebhookConfigError extends WebhookError {}

/**
 * Thrown by a handler when a retry cannot succeed. The delivery becomes a dead letter at once.
 *
 * @example
 * ```ts
 * receiver.on('batch.failed', () => { throw new PermanentError('customer no longer exists') })
 * ```
 */
export class PermanentError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PermanentError'
  }
}
