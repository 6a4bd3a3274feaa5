import { PermanentError, WebhookError } from '@gwh/core/errors'
import { untilAborted } from './until-aborted.ts'
import { withoutKey } from './without-key.ts'

/** Why a job ended without a result. */
export type FailureReason = 'failed' | 'expired' | 'cancelled' | 'filtered'

/** What is known about a job that failed. */
export interface JobFailureInfo {
  /** The name of the job. */
  job: string
  /** Why it ended. */
  reason: FailureReason
  /** The error code of the API as text, if it gave one. */
  errorCode?: string | undefined
  /** The error message of the API, if it gave one. */
  errorMessage?: string | undefined
}

/** A job ended without a result. Permanent: thrown out of a handler it makes the delivery a dead letter at once. */
export class JobFailedError extends PermanentError {
  /** The stable code. */
  readonly code = 'job_failed'
  /** The name of the job. */
  readonly job: string
  /** Why it ended. */
  readonly reason: FailureReason
  /** The error code of the API as text, if it gave one. */
  readonly errorCode: string | undefined
  /** The error message of the API, if it gave one. */
  readonly errorMessage: string | undefined

  constructor({ job, reason, errorCode, errorMessage }: JobFailureInfo) {
    const detail = [errorCode, errorMessage].filter((text) => text !== undefined).join(' ')
    super(`the job ${job} ended without a result (${reason})${detail === '' ? '' : `: ${detail}`}`)
    this.name = 'JobFailedError'
    this.job = job
    this.reason = reason
    this.errorCode = errorCode
    this.errorMessage = errorMessage
  }
}

/**
 * What no retry can change: a result does not exist, or lies where this package cannot read; or nobody knows whether an
 * interaction was continued.
 */
export class ResultError extends PermanentError {
  /** The stable code. */
  readonly code: 'result_not_found' | 'result_unsupported' | 'continuation_unknown'

  constructor(code: ResultError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ResultError'
    this.code = code
  }
}

/** The API could not be read right now. Let it pass out of a handler: the delivery is then tried again. */
export class ResultUnavailableError extends WebhookError {
  /** The status the API answered with; absent if there was no answer. */
  readonly apiStatus: number | undefined

  constructor(message: string, apiStatus: number | undefined, options?: { cause?: unknown }) {
    super('result_unavailable', message, options)
    this.apiStatus = apiStatus
  }
}

// Not 400: Google answers it for an API key that is wrong or has expired, and the job is still there.
const GONE = [404, 410]

/**
 * Calls the API and sorts its errors: what is gone is permanent, anything else may work later.
 *
 * @param what What is read, for the message
 * @param call Sends the request, and ends it when its signal is aborted
 * @param signal Ends the call at once when it is aborted; `fromApi` then rejects with its reason
 * @param client The client that is called. Its API key is kept out of the error
 * @throws ResultError `result_not_found` after 404 or 410
 * @throws ResultUnavailableError `result_unavailable` after any other failure
 */
export async function fromApi<T>(
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
  client: object,
): Promise<T> {
  // Each request has its own signal: the SDK never removes the listeners that it adds to one.
  const request = new AbortController()
  try {
    signal?.throwIfAborted()
    return await untilAborted(call(request.signal), signal)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw toResultError(what, error, client)
  } finally {
    request.abort()
  }
}

/** Sorts one error of the API; see `fromApi`. */
export function toResultError(
  what: string,
  error: unknown,
  client?: object,
): ResultError | ResultUnavailableError {
  if (error instanceof ResultError || error instanceof ResultUnavailableError) return error
  const { status } = Object(error) as { status?: unknown }
  const cause = withoutKey(error, client)
  if (typeof status === 'number' && GONE.includes(status)) {
    return new ResultError('result_not_found', `${what} does not exist: the API answered ${status}`, {
      cause,
    })
  }
  const known = typeof status === 'number' ? status : undefined
  const why = known === undefined ? cause.message : `the API answered ${known}`
  return new ResultUnavailableError(`${what} could not be read: ${why}`, known, { cause })
}
