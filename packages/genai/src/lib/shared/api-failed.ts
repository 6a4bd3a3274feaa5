import { WebhookError } from '@gwh/core/errors'
import { withoutKey } from './without-key.ts'

/**
 * The API refused a request, did not answer it, or answered with something that cannot be used. The cause is a copy of the
 * error of the SDK, without the API key.
 */
export class ApiFailedError extends WebhookError {
  /** The status the API answered with; absent if there was no answer, or one that cannot be used. */
  readonly apiStatus: number | undefined
  /** The error message of the API, if it gave one. */
  readonly apiMessage: string | undefined

  constructor(
    message: string,
    options: { apiStatus?: number | undefined; apiMessage?: string | undefined; cause?: unknown } = {},
  ) {
    const { apiStatus, apiMessage, ...rest } = options
    super('api_failed', message, rest)
    this.apiStatus = apiStatus
    this.apiMessage = apiMessage
  }
}

/**
 * Runs a step that calls the API, and turns the errors of the SDK into an `ApiFailedError`.
 *
 * @param what What the step does, for the message
 * @param client The client that is called. Its API key is kept out of the error
 * @throws ApiFailedError `api_failed`
 */
export async function callApi<T>(what: string, client: object, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw toApiFailed(what, client, error)
  }
}

/** The error for a failed step; see `callApi`. Errors of this package stay as they are. */
export function toApiFailed(what: string, client: object, error: unknown): Error {
  if (error instanceof WebhookError) return error
  const { status } = Object(error) as { status?: unknown }
  const cause = withoutKey(error, client)
  if (typeof status !== 'number') return new ApiFailedError(`${what} failed: ${cause.message}`, { cause })
  const apiMessage = messageOf(error, client)
  const said = apiMessage === undefined ? '' : `: ${apiMessage}`
  return new ApiFailedError(`${what} failed: the API answered ${status}${said}`, {
    apiStatus: status,
    apiMessage,
    cause,
  })
}

/** What the API says in the body of its answer, which the SDK keeps in `error`. */
function messageOf(error: unknown, client: object): string | undefined {
  const { error: body } = Object(error) as { error?: unknown }
  const { message } = Object(Object(body).error) as { message?: unknown }
  return typeof message === 'string' ? withoutKey(new Error(message), client).message : undefined
}

/** The error for an answer of the API that lacks what it should have. */
export function incomplete(what: string): ApiFailedError {
  return new ApiFailedError(`the API returned no ${what}`)
}
