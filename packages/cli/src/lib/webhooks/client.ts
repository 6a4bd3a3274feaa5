import type { GoogleGenAI } from '@google/genai'
import { isInstance, WebhookError } from '@gwh/core/errors'
import { ApiFailedError } from '@gwh/genai'
import { findSetting, type Surroundings } from '../project/configuration.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { EXIT } from '../shared/exit-codes.ts'
import { isLoopback } from '../shared/loopback.ts'

/** A client of the SDK, and where it talks to. */
export interface ApiClient {
  readonly sdk: GoogleGenAI
  /** `Google`, or the URL of an emulator. */
  readonly where: string
  /** Absent for Google's own. */
  readonly baseUrl: string | undefined
}

const GONE = [404, 410]
const FORBIDDEN = [401, 403]

/**
 * Connects to Google, or to the emulator at `GOOGLE_GEMINI_BASE_URL`.
 *
 * @throws CliError without an API key, or with the one of `gwh dev` for another machine than this
 */
export async function connect(context: CommandContext): Promise<ApiClient> {
  const { apiKey, baseUrl, isKept } = await findApi(context)
  if (!apiKey) {
    throw new CliError('config', 'GEMINI_API_KEY is not set', {
      hint: 'Set it, or start `gwh dev` in this folder to work with its emulator.',
    })
  }
  if (isKept) context.terminal.note(`With the emulator of \`gwh dev\` at ${baseUrl}.`)
  if (apiKey === 'gwh-dev' && !(baseUrl !== undefined && isLoopback(baseUrl))) {
    throw new CliError('config', "GEMINI_API_KEY is the one of `gwh dev`, but the API is Google's", {
      hint: 'Set GOOGLE_GEMINI_BASE_URL to the emulator, or GEMINI_API_KEY to a key of yours.',
    })
  }
  const { GoogleGenAI } = await import('@google/genai')
  const sdk = new GoogleGenAI({ apiKey, ...(baseUrl && { httpOptions: { baseUrl } }) })
  return { sdk, where: baseUrl ?? 'Google', baseUrl }
}

/** Which API, as far as it is known. */
export interface FoundApi {
  readonly apiKey: string | undefined
  /** Absent for Google's own. */
  readonly baseUrl: string | undefined
  /** Whether both come from what `gwh dev` keeps in this folder. */
  readonly isKept: boolean
}

/** The key and the URL come from the same place: a key of Google's must not go to an emulator, nor the other way. */
export async function findApi({ env, cwd }: Surroundings): Promise<FoundApi> {
  const apiKey = env.GEMINI_API_KEY || env.GOOGLE_API_KEY || undefined
  const baseUrl = env.GOOGLE_GEMINI_BASE_URL || undefined
  if (apiKey !== undefined || baseUrl !== undefined) return { apiKey, baseUrl, isKept: false }
  const kept = { env: {}, cwd }
  const url = await findSetting(kept, 'GOOGLE_GEMINI_BASE_URL')
  if (url === undefined) return { apiKey, baseUrl, isKept: false }
  const key = await findSetting(kept, 'GEMINI_API_KEY')
  return { apiKey: key?.value, baseUrl: url.value, isKept: true }
}

/** What to do when the answer to a call that makes a webhook is lost. */
export const MAY_BE_THERE =
  'The webhook may be there, without its secret: see `gwh webhooks list`, then rotate or delete it.'

/** Calls the API, and turns its refusals into errors for a person; `lost` says what to do without an answer. */
export async function callApi<Result>(
  { where }: ApiClient,
  signal: AbortSignal,
  call: () => Promise<Result>,
  lost?: string,
): Promise<Result> {
  try {
    return await untilInterrupted(signal, call())
  } catch (cause) {
    const error = toCliError(cause, where)
    if (lost === undefined || !(error instanceof CliError) || !isWithoutAnswer(error)) throw error
    const kind = error.exitCode === EXIT.interrupted ? 'interrupted' : 'network'
    throw new CliError(kind, error.message, { hint: lost, cause })
  }
}

const isWithoutAnswer = ({ exitCode }: CliError) => exitCode === EXIT.interrupted || exitCode === EXIT.network

function toCliError(cause: unknown, where: string): unknown {
  if (cause instanceof CliError) return cause
  if (cause instanceof ApiFailedError) return fromApiFailed(cause, where)
  if (isInstance(cause, WebhookError)) {
    return new CliError(cause.code === 'option_invalid' ? 'usage' : 'failed', cause.message, { cause })
  }
  const { status, error } = Object(cause) as Record<string, unknown>
  if (typeof status !== 'number') return withoutStatus(cause, where)
  return refused(status, readMessage(error), cause)
}

function fromApiFailed(failure: ApiFailedError, where: string): CliError {
  const { apiStatus, apiMessage, message, cause } = failure
  if (apiStatus !== undefined) return refused(apiStatus, apiMessage, failure)
  return cause === undefined
    ? new CliError('failed', message, { cause: failure })
    : withoutStatus(cause, where)
}

function withoutStatus(cause: unknown, where: string): CliError {
  return isOfParser(cause)
    ? new CliError('failed', `${where} answered something that is not understood`, { cause })
    : new CliError('network', `${where} cannot be reached`, { cause })
}

function refused(status: number, message: string | undefined, cause: unknown): CliError {
  const said = message ?? `the API answered ${status}`
  if (FORBIDDEN.includes(status))
    return new CliError('config', said, { hint: 'Is GEMINI_API_KEY right?', cause })
  if (GONE.includes(status))
    return new CliError('failed', said, { hint: '`gwh webhooks list` shows their ids.', cause })
  return new CliError('failed', said, { cause })
}

/** What the SDK and our code throw for an answer that is not JSON, or of another shape. */
function isOfParser(cause: unknown): boolean {
  const { name, message = '' } = Object(cause) as { name?: unknown; message?: string }
  return name === 'SyntaxError' || (name === 'TypeError' && !/fetch/i.test(message))
}

function readMessage(error: unknown): string | undefined {
  const { message } = Object(Object(error).error) as { message?: unknown }
  return typeof message === 'string' ? message : undefined
}
