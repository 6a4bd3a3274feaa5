import { Command, InvalidArgumentError, Option } from 'commander'
import { QUEUE_FILE } from '../project/queue-file.ts'
import type { ChangeFlags, PurgeFlags } from '../queue/change.ts'
import type { QueueFlags } from '../queue/open.ts'
import type { ExportFlags, ListFlags } from '../queue/read.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPast } from '../shared/times.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh queue`: looks into the queue of a receiver, and changes what is in it. */
export function queueCommand(context: CommandContext): Command {
  const queue = new Command('queue')
    .description(
      'Look into the queue of a receiver, while it runs or not: a SQLite file, or BullMQ on Redis.',
    )
    .addHelpText('after', EXAMPLES)
  for (const command of [...readingCommands(context), ...changingCommands(context)]) {
    queue.addCommand(withQueueOptions(command))
  }
  return queue
}

const EXAMPLES = `
The queue is --queue, GWH_QUEUE or the one of gwh dev: a SQLite file, or a URL such as redis://127.0.0.1:6379. With none of
them it is ${QUEUE_FILE} in this folder. A URL with a password belongs in GWH_QUEUE: other users of the machine can read
arguments. Tokens and secrets are masked.
${SETTINGS_HELP}

Examples:
  $ gwh queue stats
  $ gwh queue stats --queue /var/lib/app/webhooks.db
  $ gwh queue list --state dead
  $ gwh queue show msg_0123
  $ gwh queue export --state dead --raw-file dead.jsonl
  $ gwh queue redrive --type batch.succeeded --error ECONNREFUSED --dry-run
  $ gwh queue purge --older-than 30d
  $ gwh queue replay --type batch.succeeded --since 2026-11-20T00:00:00Z`

const STATES = ['pending', 'running', 'retrying', 'dead', 'done']
const REASONS = ['attempts', 'payload_invalid', 'handler_rejected', 'corrupt']

const loadRead = () => import('../queue/read.ts')
const loadChange = () => import('../queue/change.ts')

function readingCommands(context: CommandContext): Command[] {
  const state = () => new Option('--state <state>', 'only those in this state').choices(STATES)
  return [
    new Command('stats')
      .description('Count the deliveries in each state.')
      .action(async (flags: QueueFlags) => (await loadRead()).stats(context, flags)),
    withFilters(
      new Command('list').description('List deliveries, newest first; dead letters with their reason.'),
    )
      .addOption(state())
      .option('--limit <n>', 'at most so many', readLimit, 50)
      .action(async (flags: ListFlags) => (await loadRead()).list(context, flags)),
    new Command('show')
      .description('Show one delivery: its attempts and its body.')
      .argument('<id>', 'its key or its webhook-id')
      .action(async (id: string, flags: QueueFlags) => (await loadRead()).show(context, id, flags)),
    withFilters(new Command('export').description('Print deliveries as JSON, one per line.'))
      .addOption(state())
      .addOption(
        new Option('--limit <n>', 'at most so many')
          .argParser(readLimit)
          .default(Number.POSITIVE_INFINITY, 'all'),
      )
      .option('--raw-file <file>', 'write them into this new file, unmasked, for you alone to read')
      .action(async (flags: ExportFlags) => (await loadRead()).exportAll(context, flags)),
  ]
}

function changingCommands(context: CommandContext): Command[] {
  const changing = (name: string, description: string) =>
    withFilters(new Command(name).description(description).argument('[id]', 'a key or a webhook-id'))
      .option('--all', 'all of them')
      .option('--dry-run', 'say which, and change nothing')
  return [
    changing('redrive', 'Make dead letters pending again.').action(
      async (id: string | undefined, flags: ChangeFlags) => (await loadChange()).redrive(context, id, flags),
    ),
    new Command('purge')
      .description('Delete dead letters.')
      .option(
        '--older-than <time>',
        'those that died before this time, or longer ago than such as 30d',
        readPast,
      )
      .option('--all', 'all of them')
      .option('--dry-run', 'say how many, and delete nothing')
      .action(async (flags: PurgeFlags) => (await loadChange()).purge(context, flags)),
    changing('replay', 'Run handled deliveries through the handlers again, with context.replay set.').action(
      async (id: string | undefined, flags: ChangeFlags) => (await loadChange()).replay(context, id, flags),
    ),
  ]
}

function withFilters(command: Command): Command {
  return command
    .option('--type <type>', 'only events of this type')
    .option('--endpoint <name>', 'only deliveries of this endpoint')
    .addOption(new Option('--reason <reason>', 'only dead letters for this reason').choices(REASONS))
    .option('--error <text>', 'only those whose last error contains this')
    .option('--since <time>', 'only those received at or after this time, or since such as 12h', readPast)
    .option('--until <time>', 'only those received before this time', readPast)
}

function withQueueOptions(command: Command): Command {
  return command
    .option('-q, --queue <file|url>', `the queue; default GWH_QUEUE, or ${QUEUE_FILE} in this folder`)
    .option('--name <name>', 'the name of the BullMQ queue; default gwh')
    .option('--prefix <prefix>', 'the prefix of its keys in Redis; default bull')
    .option('--json', 'print JSON')
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A number from 1 is needed.')
}
