import { EVENT_TYPES } from '@gwh/core'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../shared/context.ts'
import { FAULT_NAMES } from '../trigger/faults.ts'
import type { TriggerFlags } from '../trigger/trigger.ts'
import { collectUrl } from './read-url.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh trigger <event>`: has the running emulator send signed events, or sends them itself. */
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
    .description(
      'Send a signed event: the emulator does, to the registered webhooks or --to; with --static, gwh itself.',
    )
    .addArgument(event)
    .option('--data <json>', "fields of the event's data", readObject)
    .option('--metadata <key=value...>', 'entries of user_metadata; repeatable', collectEntry)
    .option(
      '--to <url...>',
      'send it here, signed as a dynamic webhook without a job token, or with --static as a static one',
      collectUrl,
    )
    .addOption(
      new Option(
        '--static',
        'sign it as a static webhook, and send it straight to --to: no emulator has to run',
      ).conflicts(['dynamic', 'url']),
    )
    .option(
      '--secret-env <name>',
      'the variable with the secret for --static; default GEMINI_WEBHOOK_SECRET, WEBHOOK_SIGNING_SECRET',
    )
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
      else if (flags.static) process.exitCode = await sendStatic(context, type, flags, command)
      else if (flags.secretEnv !== undefined) command.error('error: --secret-env needs --static')
      else await trigger(context, type, flags)
    })
}

async function sendStatic(context: CommandContext, type: string, flags: TriggerFlags, command: Command) {
  if (flags.to === undefined) command.error('error: --static needs --to <url>')
  const { triggerStatic } = await import('../trigger/static.ts')
  return await triggerStatic(context, type, flags)
}

const EXAMPLES = `
With --static, each event is sent once, after the answer to the one before, and gwh exits with 1 if a receiver refuses one.
The job of the event exists nowhere: a handler that fetches its result needs the emulator. Secrets are never arguments.
With --dynamic and GWH_JOB_KEY, the event has a job token of that key. With --to it has none: receivers with a job key refuse
it, unless it is --static.
${SETTINGS_HELP}

Examples:
  $ gwh trigger batch.succeeded
  $ gwh trigger video.generated --data '{"id":"v1","file_name":"files/v1"}'
  $ gwh trigger batch.failed --metadata customer=7 --to http://127.0.0.1:3000/webhooks/gemini
  $ gwh trigger batch.succeeded --static --to http://127.0.0.1:3000/webhooks/gemini
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
