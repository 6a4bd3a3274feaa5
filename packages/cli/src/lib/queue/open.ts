import { isInstance, WebhookError } from '@gwh/core/errors'
import type { DeliveryQueue } from '@gwh/core/queue'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { findQueue, type QueueChoice } from './find.ts'

/** The options of every command that works with a queue. */
export interface QueueFlags extends QueueChoice {
  readonly json?: true
}

/**
 * Opens the queue that the user named or that is in this folder, works with it, and closes it.
 *
 * @throws CliError when there is none, or it cannot be opened or reached
 */
export async function withQueue<Result>(
  context: CommandContext,
  flags: QueueFlags,
  work: (queue: DeliveryQueue) => Promise<Result>,
): Promise<Result> {
  const where = await findQueue(context, flags)
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
