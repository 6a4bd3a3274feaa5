import { isInstance, WebhookError } from '@gwh/core/errors'
import type { DeliveryQueue } from '@gwh/core/queue'
import { findSetting } from '../project/configuration.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'

/** Which queue. */
export interface QueueFlags {
  /** A SQLite file or a Redis URL; default `GWH_QUEUE`. */
  readonly queue?: string
  /** The name of the BullMQ queue. */
  readonly name?: string
  /** The prefix of its keys. */
  readonly prefix?: string
  readonly json?: true
}

/** Opens the queue that the user named, works with it, and closes it. */
export async function withQueue<Result>(
  context: CommandContext,
  flags: QueueFlags,
  work: (queue: DeliveryQueue) => Promise<Result>,
): Promise<Result> {
  const where = flags.queue ?? (await findSetting(context, 'GWH_QUEUE'))?.value
  if (!where) {
    throw new CliError('usage', 'which queue?', {
      hint: 'Name a SQLite file or a Redis URL with --queue, or in GWH_QUEUE, or start `gwh dev` here with --queue.',
    })
  }
  try {
    const queue = await open(where, flags)
    try {
      return await untilInterrupted(context.signal, work(queue))
    } finally {
      await queue.close()
    }
  } catch (cause) {
    throw toCliError(cause)
  }
}

async function open(where: string, { name, prefix }: QueueFlags): Promise<DeliveryQueue> {
  if (/^rediss?:/.test(where)) {
    const { createBullmqQueue } = await loadBullmq()
    return createBullmqQueue({ connection: where, ...(name && { name }), ...(prefix && { prefix }) })
  }
  const { createSqliteQueue } = await import('@gwh/store-sqlite')
  return createSqliteQueue({ path: where, mustExist: true })
}

async function loadBullmq(): Promise<typeof import('@gwh/bullmq')> {
  try {
    return await import('@gwh/bullmq')
  } catch (cause) {
    throw new CliError('config', 'a queue in Redis needs packages that are not installed', {
      hint: 'npm install @gwh/bullmq bullmq ioredis',
      cause,
    })
  }
}

function toCliError(cause: unknown): unknown {
  if (!isInstance(cause, WebhookError)) return cause
  if (cause.code === 'option_invalid') return new CliError('config', cause.message, { cause })
  const kind = /Redis/.test(cause.message) ? 'network' : 'config'
  return new CliError(kind, `${cause.message} (${cause.code})`, { cause })
}
