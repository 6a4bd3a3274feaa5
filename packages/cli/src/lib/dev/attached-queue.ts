import { WebhookUnavailableError } from '@gwh/core'
import type { DeliveryQueue } from '@gwh/core/queue'
import type { EmulatorOptions } from '@gwh/emulator'
import { withQueue } from '../queue/open.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'

/**
 * The queue that the page shows: the one that was named, or `GWH_QUEUE`. It is opened for each look, because the receiver
 * may make it later, or make it anew.
 */
export function attachQueue(context: CommandContext, where: string | undefined): EmulatorOptions['queue'] {
  const named = where ?? context.env.GWH_QUEUE
  if (!named) return undefined

  async function use<Result>(work: (queue: DeliveryQueue) => Promise<Result>): Promise<Result> {
    try {
      return await withQueue(context, { queue: named! }, work)
    } catch (cause) {
      if (!(cause instanceof CliError)) throw cause
      throw new WebhookUnavailableError('store_unavailable', cause.message, { cause })
    }
  }

  return {
    stats: () => use((queue) => queue.stats()),
    list: (options) => use((queue) => queue.list(options)),
    get: (id) => use((queue) => queue.get(id)),
    replay: (target) => use((queue) => queue.replay(target)),
    deadLetters: {
      list: (options) => use((queue) => queue.deadLetters.list(options)),
      redrive: (target) => use((queue) => queue.deadLetters.redrive(target)),
      purge: (options) => use((queue) => queue.deadLetters.purge(options)),
    },
  }
}
