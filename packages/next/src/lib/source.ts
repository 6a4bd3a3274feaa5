import type { Receiver } from '@gwh/core'

/**
 * A receiver, or a function that creates one at the first request: `next build` loads route modules, and the secrets
 * a receiver needs may not be set yet.
 */
export type ReceiverSource = Receiver | (() => Receiver)

/** Calls a source at most once. */
export function fromSource(source: ReceiverSource): () => Receiver {
  let receiver: Receiver | undefined
  return () => {
    receiver ??= typeof source === 'function' ? source() : source
    return receiver
  }
}
