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
  const here = await findQueueHere(context)
  if (here === undefined) throw new CliError('config', NO_QUEUE, { hint: HOW_TO_NAME })
  return here
}

/** Finds the queue that nobody named: `deliveries.db` in this folder; a note says so. Creates nothing. */
export async function findQueueHere({ cwd, terminal }: CommandContext): Promise<string | undefined> {
  if (!(await isFile(resolve(cwd, QUEUE_FILE)))) return undefined
  terminal.note(`The queue is ${QUEUE_FILE} in this folder.`)
  return QUEUE_FILE
}

/** That no queue was found. */
export const NO_QUEUE = `no queue is named, and there is no ${QUEUE_FILE} in this folder`

/** How to name a queue. */
export const HOW_TO_NAME =
  'Name a SQLite file or a Redis URL with --queue, or in GWH_QUEUE, or start `gwh dev` here with --queue.'

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
