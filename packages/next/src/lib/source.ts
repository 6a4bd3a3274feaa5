import type { Receiver } from '@gwh/core'

/**
 * A receiver, or what makes one at the first request: `next build` loads route modules, and the secrets a receiver
 * needs may not be there yet.
 */
export type ReceiverSource = Receiver | (() => Receiver)

/** Asks a source once. */
export function fromSource(source: ReceiverSource): () => Receiver {
  let made: Receiver | undefined
  return () => {
    made ??= typeof source === 'function' ? source() : source
    return made
  }
}
