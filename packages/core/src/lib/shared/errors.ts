/**
 * Every cause this package can report, with the HTTP status a sender sees for it.
 *
 * The codes are stable: they appear in errors, observer signals and, where the sender may know the cause,
 * in answers. Each has a page in `docs/errors/`.
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
} as const

/** A stable code for one cause of failure. */
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

/** The delivery is not proven to be a fresh message of the sender. */
export class WebhookVerificationError extends WebhookError {}

/** The signed body is not an event; a retry of the same delivery cannot help. */
export class WebhookPayloadError extends WebhookError {}

/** Keys, a store or a queue cannot be used right now; the sender should try again. */
export class WebhookUnavailableError extends WebhookError {}

/** An option is missing or wrong, or a backend is set up so that it loses what was acknowledged. */
export class WebhookConfigError extends WebhookError {}

/**
 * Thrown by a handler to say that trying again cannot help: the delivery becomes a dead letter at once.
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
