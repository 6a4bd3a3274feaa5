import { EVENT_TYPES } from '@gwh/core'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../shared/context.ts'
import { FAULT_NAMES } from '../trigger/faults.ts'
import type { TriggerFlags } from '../trigger/trigger.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh trigger <event>`: has the running emulator send signed events. */
export function triggerCommand(context: CommandContext): Command {
  const event = new Argument('[event]', 'the event type; --list prints those that are documented')
  const fault = new Option(
    '--fault <name>',
    'break the first attempt; name=value sets its number, as in delay=5000',
  )
  // For help and completion only: an unknown type may be sent to --to, and a fault may have a number.
  event.argChoices = [...EVENT_TYPES]
  fault.argChoices = [...FAULT_NAMES]
  return new Command('trigger')
    .description('Have the emulator send a signed event to the registered webhooks, or to --to.')
    .addArgument(event)
    .option('--data <json>', "fields of the event's data", readObject)
    .option('--metadata <key=value...>', 'entries of user_metadata; repeatable', collectEntry)
    .option('--to <url...>', 'send it here, signed as a dynamic webhook')
    .addOption(
      new Option('--dynamic', 'sign it as a dynamic webhook, for the registered receivers').conflicts('to'),
    )
    .addOption(fault)
    .option('--count <n>', 'how many events', readCount, 1)
    .option('--rate <n>', 'events per second; default as fast as possible', readRate)
    .option('--list', 'print the event types')
    .option('--url <url>', 'the emulator; default the one that `gwh dev` started in this folder')
    .option('--json', 'print JSON, one document per event')
    .addHelpText('after', EXAMPLES)
    .action(async (type: string | undefined, flags: TriggerFlags, command: Command) => {
      const { listTypes, trigger } = await import('../trigger/trigger.ts')
      if (flags.list) listTypes(context, flags)
      else if (type === undefined) command.error("error: missing required argument 'event'")
      else await trigger(context, type, flags)
    })
}

const EXAMPLES = `
With --dynamic and GWH_JOB_KEY, the event has a job token of that key.
${SETTINGS_HELP}

Examples:
  $ gwh trigger batch.succeeded
  $ gwh trigger video.generated --data '{"id":"v1","file_name":"files/v1"}'
  $ gwh trigger batch.failed --metadata customer=7 --to http://127.0.0.1:3000/webhooks/gemini
  $ gwh trigger interaction.completed --dynamic
  $ gwh trigger batch.succeeded --fault tampered_body
  $ gwh trigger batch.succeeded --count 100 --rate 20`

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

function readCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A number from 1 to 999999 is needed.')
}

function readRate(text: string): number {
  const rate = Number(text)
  if (rate > 0 && rate <= 10_000) return rate
  throw new InvalidArgumentError('A number above 0, at most 10000, is needed.')
}
