import { EVENT_TYPES } from '@gwh/core'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../shared/context.ts'
import type { CreateFlags, UpdateFlags } from '../webhooks/manage.ts'
import type { RegisterFlags } from '../webhooks/register.ts'
import type { RotateFlags } from '../webhooks/rotate.ts'
import type { OutputFlags } from '../webhooks/secret-sink.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** The types that Google's API was seen to accept; see docs/protocol.md. */
const SUBSCRIBABLE = EVENT_TYPES.filter((type) => !type.endsWith('.cancelled'))

/** `gwh webhooks`: manages the webhooks of a project. */
export function webhooksCommand(context: CommandContext): Command {
  const webhooks = new Command('webhooks')
    .description("Manage the project's webhooks, at Google or in the emulator at GOOGLE_GEMINI_BASE_URL.")
    .addHelpText('after', EXAMPLES)
  for (const command of [
    ...readingCommands(context),
    createCommand(context),
    updateCommand(context),
    registerCommand(context),
    rotateCommand(context),
  ]) {
    webhooks.addCommand(command.option('--json', 'print JSON'))
  }
  return webhooks
}

const EXAMPLES = `
A signing secret goes into a file, and is not printed.
${SETTINGS_HELP}
GEMINI_API_KEY and GOOGLE_GEMINI_BASE_URL come from one place: with a key in the environment, the API is Google's.

Examples:
  $ gwh webhooks register --uri https://example.com/webhooks/gemini --write-env .env
  $ gwh webhooks list
  $ gwh webhooks rotate 0123abcd --write-env .env`

const loadManage = () => import('../webhooks/manage.ts')

function readingCommands(context: CommandContext): Command[] {
  const withId = (name: string, description: string) =>
    new Command(name).description(description).argument('<id>')
  return [
    new Command('list')
      .description('List all webhooks.')
      .action(async (flags: OutputFlags) => (await loadManage()).list(context, flags)),
    withId('get', 'Show one webhook.').action(async (id: string, flags: OutputFlags) =>
      (await loadManage()).get(context, toId(id), flags),
    ),
    withId('delete', 'Delete a webhook.').action(async (id: string, flags: OutputFlags) =>
      (await loadManage()).remove(context, toId(id), flags),
    ),
    withId('ping', 'Have the API send a ping to a webhook.').action(async (id: string, flags: OutputFlags) =>
      (await loadManage()).ping(context, toId(id), flags),
    ),
  ]
}

function createCommand(context: CommandContext): Command {
  return describingOptions(new Command('create').description('Create a webhook.'))
    .option('--name <name>', 'a name for people')
    .action(async (flags: CreateFlags) => (await loadManage()).create(context, flags))
}

function updateCommand(context: CommandContext): Command {
  return new Command('update')
    .description('Change fields of a webhook.')
    .argument('<id>')
    .option('--uri <url>', 'the URL of the receiver')
    .option('--events <types>', 'event types, separated by commas', readEvents)
    .option('--name <name>', 'a name for people')
    .addOption(new Option('--state <state>', 'whether events are sent').choices(['enabled', 'disabled']))
    .action(async (id: string, flags: UpdateFlags) => (await loadManage()).update(context, toId(id), flags))
}

function registerCommand(context: CommandContext): Command {
  return describingOptions(
    new Command('register').description(
      'Make sure that one webhook of this name exists, with this URL and these events.',
    ),
  )
    .option('--name <name>', 'the name, which identifies the webhook', 'gwh')
    .action(async (flags: RegisterFlags) => {
      const { register } = await import('../webhooks/register.ts')
      await register(context, flags)
    })
}

function rotateCommand(context: CommandContext): Command {
  return new Command('rotate')
    .description('Rotate the signing secret so that no delivery is lost; run it again to go on.')
    .argument('<id>')
    .option('--write-env <file>', 'the file that the receivers load; needed to begin')
    .option('--variable <name>', 'the variable in it', 'GEMINI_WEBHOOK_SECRET')
    .option('--revoke-now', 'end the old secret at once, because it leaked')
    .option('--again', 'begin another rotation although one is under way')
    .action(async (id: string, flags: RotateFlags) => {
      const { rotate } = await import('../webhooks/rotate.ts')
      await rotate(context, toId(id), flags)
    })
}

/** What a webhook is like, and where its secret goes. */
function describingOptions(command: Command): Command {
  return command
    .requiredOption('--uri <url>', 'the URL of the receiver')
    .addOption(
      new Option('--events <types>', 'event types, separated by commas')
        .argParser(readEvents)
        .default(SUBSCRIBABLE, SUBSCRIBABLE.join(',')),
    )
    .option('--write-env <file>', 'the file that gets the signing secret, readable by you only')
    .option('--variable <name>', 'the variable in it', 'GEMINI_WEBHOOK_SECRET')
    .option('--show-secret', 'print the signing secret instead')
}

/** The SDK would encode the slash of `webhooks/…`. */
const toId = (id: string) => id.replace(/^webhooks\//, '')

function readEvents(text: string): string[] {
  const types = text.split(/[\s,]+/).filter((type) => type !== '')
  if (types.length > 0) return types
  throw new InvalidArgumentError('At least one event type is needed.')
}
