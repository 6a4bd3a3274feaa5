import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { findSetting } from '../project/configuration.ts'
import { QUEUE_FILE } from '../project/queue-file.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'

/** Which queue. */
export interface QueueChoice {
  /** A SQLite file or a Redis URL; default `GWH_QUEUE`, the one of `gwh dev`, or `deliveries.db` in this folder. */
  readonly queue?: string
  /** The name of the BullMQ queue. */
  readonly name?: string
  /** The prefix of its keys. */
  readonly prefix?: string
}

/**
 * Finds the queue: the one that `--queue` or `GWH_QUEUE` names, the one of `gwh dev`, or else `deliveries.db` in this
 * folder; it then prints a note that says so. Creates nothing.
 *
 * @returns A SQLite file or a Redis URL
 * @throws CliError when there is none
 */
export async function findQueue(context: CommandContext, flags: QueueChoice): Promise<string> {
  const named = flags.queue ?? (await findSetting(context, 'GWH_QUEUE'))?.value
  if (named) return named
  // An empty --queue is a shell variable that is not set; a name or a prefix means a queue in Redis.
  const isFileMeant = [flags.queue, flags.name, flags.prefix].every((flag) => flag === undefined)
  if (!isFileMeant) throw new CliError('usage', 'which queue?', { hint: HOW_TO_NAME })
  if (!(await isFile(resolve(context.cwd, QUEUE_FILE)))) {
    throw new CliError('config', `no queue is named, and there is no ${QUEUE_FILE} in this folder`, {
      hint: HOW_TO_NAME,
    })
  }
  context.terminal.note(`The queue is ${QUEUE_FILE} in this folder.`)
  return QUEUE_FILE
}

const HOW_TO_NAME =
  'Name a SQLite file or a Redis URL with --queue, or in GWH_QUEUE, or start `gwh dev` here with --queue.'

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
