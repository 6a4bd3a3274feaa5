import { rejectOnAbort } from '../shared/abort.ts'
import type { ProcessDelivery, QueuedDelivery } from './queue.ts'

/**
 * Has deliveries of the same kind wait for each other, in the order they were claimed, within this process.
 *
 * A delivery that was given up on while it waited is not handled any more, and nobody waits for one that was given
 * up on while it was handled. Waiting counts as handling time.
 *
 * @param kindOf What may not run side by side; `undefined` waits for nothing
 */
export function serialise(
  process: ProcessDelivery,
  kindOf: (message: QueuedDelivery) => string | undefined,
): ProcessDelivery {
  const last = new Map<string, Promise<void>>()
  return async (message, context) => {
    const kind = kindOf(message)
    if (kind === undefined) return await process(message, context)
    const before = last.get(kind) ?? Promise.resolve()
    const own = before.then(() => {
      context.signal.throwIfAborted()
      return process(message, context)
    })
    const outcome = Promise.race([own, rejectOnAbort(context.signal)])
    // Whoever waits next waits for the end, not for success.
    const ended = outcome.catch(() => {})
    last.set(kind, ended)
    try {
      await outcome
    } finally {
      if (last.get(kind) === ended) last.delete(kind)
    }
  }
}
