import { rejectOnAbort } from '../shared/abort.ts'
import type { ProcessDelivery } from './queue.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/**
 * Runs deliveries of the same kind one after the other within this process, in the order they were claimed.
 *
 * A delivery whose signal is aborted while it waits is not handled; one whose signal is aborted while it runs no
 * longer holds up the next. Waiting counts as handling time.
 *
 * @param kindOf The kind of a delivery; one whose kind is `undefined` waits for nothing
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
    // The next one waits for the end of this one, not for its success.
    const ended = outcome.catch(() => {})
    last.set(kind, ended)
    try {
      await outcome
    } finally {
      if (last.get(kind) === ended) last.delete(kind)
    }
  }
}
