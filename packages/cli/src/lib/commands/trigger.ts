import { EVENT_TYPES } from '@gwh/core/events'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { callControl } from '../project/control-client.ts'
import type { CommandContext } from '../shared/context.ts'

interface TriggerFlags {
  readonly data?: Record<string, unknown>
  readonly metadata?: Record<string, unknown>
  readonly to?: readonly string[]
  readonly url?: string
  readonly json?: true
}

/** `gwh trigger <event>`: has the running emulator send a signed event. */
export function triggerCommand(context: CommandContext): Command {
  return new Command('trigger')
    .description('Have the emulator send a signed event to the registered webhooks, or to --to.')
    .addArgument(new Argument('<event>', `the event type: ${EVENT_TYPES.join(', ')}`))
    .option('--data <json>', "fields of the event's data", readObject)
    .option('--metadata <key=value...>', 'entries of user_metadata; repeatable', collectEntry)
    .option('--to <url...>', 'send it here, signed as a dynamic webhook')
    .option('--url <url>', 'the emulator; default the one that `gwh dev` started in this folder')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((event: string, flags: TriggerFlags) => trigger(context, event, flags))
}

const EXAMPLES = `
Examples:
  $ gwh trigger batch.succeeded
  $ gwh trigger video.generated --data '{"id":"v1","file_name":"files/v1"}'
  $ gwh trigger batch.failed --metadata customer=7 --to http://127.0.0.1:3000/webhooks/gemini`

interface Triggered {
  readonly webhook_ids: readonly string[]
  readonly deliveries: readonly { readonly webhookId: string; readonly uri: string }[]
}

async function trigger(context: CommandContext, type: string, flags: TriggerFlags): Promise<void> {
  const { terminal } = context
  const { data = {}, metadata, to: uris, url } = flags
  const body = {
    type,
    data: { id: `${type.split('.')[0]}-${Date.now()}`, ...data },
    user_metadata: metadata,
    uris,
  }
  const sent = await callControl<Triggered>(context, { method: 'POST', path: '/trigger', body, url })
  if (flags.json) return terminal.json(sent)
  for (const { webhookId, uri } of sent.deliveries) terminal.out(`${type} → ${uri}  ${webhookId}`)
  if (sent.deliveries.length === 0) {
    terminal.note(
      `No webhook is subscribed to ${type}. Start \`gwh dev --forward <url>\`, or name a receiver with --to.`,
    )
  }
}

function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {}
  throw new InvalidArgumentError('A JSON object is needed.')
}

function collectEntry(entry: string, entries: Record<string, unknown> = {}): Record<string, unknown> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(entry) ?? []
  if (name === undefined) throw new InvalidArgumentError('key=value is needed.')
  return { ...entries, [name]: value }
}
