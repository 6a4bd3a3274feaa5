import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { type Fields, toFields } from '../shared/fields.ts'
import { findSetting } from './configuration.ts'

/** A running emulator. */
export interface EmulatorAddress {
  readonly url: string
  /** Its control token. */
  readonly token: string
}

/** A request to an emulator's control API. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/_gwh`. */
  readonly path: string
  readonly body?: object
  /** A field that every answer has; without it something else than an emulator answers there. */
  readonly answers?: string
}

/** A webhook that is registered at an emulator. */
export interface RegisteredWebhook {
  readonly id: string
  readonly uri: string
  readonly state: string
  readonly subscribed_events: readonly string[]
}

/**
 * Finds the emulator: at `url`, at `GOOGLE_GEMINI_BASE_URL`, or where `gwh dev` started it in this folder. The token
 * comes from `GWH_CONTROL_TOKEN` or from the file that `gwh dev` keeps. When none is known, the hint names the
 * `alternative` too.
 *
 * @throws CliError when none is known
 */
export async function findEmulator(
  context: CommandContext,
  given?: string,
  alternative?: string,
): Promise<EmulatorAddress> {
  const url = given ?? (await findSetting(context, 'GOOGLE_GEMINI_BASE_URL'))?.value
  const token = (await findSetting(context, 'GWH_CONTROL_TOKEN'))?.value
  if (url !== undefined && token !== undefined) return { url: checkLocal(url), token }
  const hint = ['Start `gwh dev` in this folder, or set --url and GWH_CONTROL_TOKEN.', alternative]
  throw new CliError('config', 'no emulator is known here', { hint: hint.filter(Boolean).join(' ') })
}

/** Calls the control API of a running emulator. */
export async function callControl<Answer>(
  { signal }: CommandContext,
  { url, token }: EmulatorAddress,
  { method, path, body, answers }: ControlRequest,
): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const request = { method, headers, ...(body && { body: JSON.stringify(body) }), signal }
  const answer = await call(url, `/_gwh${path}`, request)
  if (answers !== undefined && !(answers in answer)) throw notAnEmulator(url)
  return answer as Answer
}

/** Lists the webhooks of a running emulator, through the API that it shares with Google. */
export async function listRegistered(
  { signal }: CommandContext,
  { url }: EmulatorAddress,
): Promise<RegisteredWebhook[]> {
  const headers = { 'x-goog-api-key': 'gwh-dev' }
  const { webhooks = [] } = await call(url, '/v1/webhooks?page_size=1000', { headers, signal })
  if (!Array.isArray(webhooks)) throw notAnEmulator(url)
  return webhooks as RegisteredWebhook[]
}

async function call(url: string, path: string, request: RequestInit): Promise<Fields> {
  const response = await fetch(`${url}${path}`, request).catch((cause: unknown) => {
    if (request.signal?.aborted) throw new CliError('interrupted', 'interrupted', { cause })
    throw new CliError('network', `no emulator answers at ${url}`, { hint: 'Is `gwh dev` running?', cause })
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (typeof answer !== 'object' || answer === null) throw notAnEmulator(url)
  if (response.ok) return toFields(answer)
  const { message } = toFields(toFields(answer).error)
  throw new CliError(
    'failed',
    typeof message === 'string' ? message : `the emulator answered ${response.status}`,
  )
}

function notAnEmulator(url: string): CliError {
  return new CliError('network', `what answers at ${url} is no emulator`, { hint: 'Is `gwh dev` running?' })
}

/** An emulator answers under these names only. To any other host the token would be given away. */
function checkLocal(url: string): string {
  const hostname = URL.canParse(url) ? new URL(url).hostname : undefined
  if (hostname !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return url
  throw new CliError('usage', `${url} is no emulator on this machine`, {
    hint: 'Set --url, for example http://127.0.0.1:8787.',
  })
}
