import { callControl, findEmulator } from '../project/control-client.ts'
import type { CommandContext } from '../shared/context.ts'

/** Prints a URL that opens the page of a running emulator once. */
export async function printPage(
  context: CommandContext,
  flags: { readonly url?: string; readonly json?: true },
): Promise<void> {
  const emulator = await findEmulator(context, flags.url)
  const request = { method: 'POST', path: '/tickets', body: {}, answers: 'ticket' } as const
  const { ticket } = await callControl<{ ticket: string }>(context, emulator, request)
  const url = `${emulator.url}/#ticket=${ticket}`
  if (flags.json) context.terminal.json({ url })
  else context.terminal.out(url)
}
