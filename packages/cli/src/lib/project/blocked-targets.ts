import type { CommandContext } from '../shared/context.ts'
import type { Fields } from '../shared/fields.ts'
import { isLoopback } from '../shared/loopback.ts'
import { findSetting } from './configuration.ts'
import { callControl } from './control-client.ts'

/** Says to which of the URIs an emulator sends nothing: it sends to its own machine only, unless told otherwise. */
export async function noteBlockedTargets(
  context: CommandContext,
  baseUrl: string | undefined,
  uris: readonly string[],
): Promise<void> {
  const remote = new Set(uris.filter((uri) => !isLoopback(uri)))
  if (remote.size === 0 || baseUrl === undefined || !isLoopback(baseUrl)) return
  if (await sendsElsewhere(context, baseUrl)) return
  for (const uri of remote) {
    context.terminal.note(
      `${uri} is not on this machine: the emulator sends nothing there (target_blocked), unless it was made with allowRemote.`,
    )
  }
}

/** Whether the emulator says that it does; without its token it says nothing. */
async function sendsElsewhere(context: CommandContext, url: string): Promise<boolean> {
  const token = (await findSetting(context, 'GWH_CONTROL_TOKEN'))?.value
  if (token === undefined) return false
  const about = await callControl<Fields>(context, { url, token }, { method: 'GET', path: '/about' }).catch(
    (): Fields => ({}),
  )
  return about.allowRemote !== undefined && about.allowRemote !== false
}
