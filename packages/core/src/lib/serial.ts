import type { ProcessDelivery, QueuedDelivery } from './queue.ts'

/**
 * Has deliveries of the same kind wait for each other, in the order they were claimed, within this process.
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
    const own = before.then(() => process(message, context))
    // Whoever waits next waits for the end, not for success.
    const ended = own.catch(() => {})
    last.set(kind, ended)
    try {
      await own
    } finally {
      if (last.get(kind) === ended) last.delete(kind)
    }
  }
}
