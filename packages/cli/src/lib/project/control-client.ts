import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { readDevSettings } from './dev-settings.ts'

/** A request to an emulator's control API. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/_gwh`. */
  readonly path: string
  readonly body?: object
  /** The emulator's base URL; default the one that `gwh dev` started in this folder. */
  readonly url?: string | undefined
}

/**
 * Calls the control API of a running emulator. The token comes from `GWH_CONTROL_TOKEN` or from the file that
 * `gwh dev` keeps in this folder.
 */
export async function callControl<Answer>(context: CommandContext, request: ControlRequest): Promise<Answer> {
  const { env, cwd, signal } = context
  const settings = await readDevSettings(cwd)
  const url = request.url ?? env.GOOGLE_GEMINI_BASE_URL ?? settings?.url
  const token = env.GWH_CONTROL_TOKEN ?? settings?.controlToken
  if (url === undefined || token === undefined) {
    const hint = 'Start `gwh dev` in this folder, or set --url and GWH_CONTROL_TOKEN.'
    throw new CliError('config', 'no emulator is known here', { hint })
  }
  checkLocal(url)
  const { method, path, body } = request
  const response = await fetch(`${url}/_gwh${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    signal,
  }).catch((cause: unknown) => {
    throw new CliError('network', `no emulator answers at ${url}`, { hint: 'Is `gwh dev` running?', cause })
  })
  const answer = (await response.json().catch(() => ({}))) as Answer & { error?: { message?: string } }
  if (response.ok) return answer
  throw new CliError('failed', answer.error?.message ?? `the emulator answered ${response.status}`)
}

/** An emulator answers under these names only. To any other host the token would be given away. */
function checkLocal(url: string): void {
  const hostname = URL.canParse(url) ? new URL(url).hostname : undefined
  if (hostname !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return
  throw new CliError('usage', `${url} is no emulator on this machine`, {
    hint: 'Set --url, for example http://127.0.0.1:8787.',
  })
}
