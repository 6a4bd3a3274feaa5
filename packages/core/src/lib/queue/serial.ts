import { rejectOnAbort } from '../shared/abort.ts'
import type { ProcessDelivery } from './queue.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/**
 * Wraps a handler so that deliveries of the same kind run one at a time in this process, in the order of their claims.
 *
 * A delivery whose signal is aborted while it waits is not handled. One whose signal is aborted while it runs no longer
 * blocks the next. Waiting counts towards the handler timeout.
 *
 * @param kindOf Returns the kind of a delivery; `undefined` if it need not wait
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
