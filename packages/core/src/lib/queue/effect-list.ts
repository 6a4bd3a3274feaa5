import { WebhookError } from '../shared/errors.ts'
import type { Effect } from './queue.ts'

/** The effects that one try of a handler adds to the transaction of its completion. */
export interface EffectList {
  /** The effects so far, in order. */
  readonly effects: readonly Effect[]
  /**
   * Adds an effect.
   *
   * @throws WebhookError `handler_failed` once the handler has returned: the effect could no longer happen
   */
  add(effect: Effect): void
  /** Takes no more effects. */
  close(): void
}

/**
 * Creates an empty list.
 *
 * @param report Called with the error of an effect that comes too late, because nothing may await the code that adds it
 */
export function createEffectList(report: (error: WebhookError) => void): EffectList {
  const effects: Effect[] = []
  let closed = false
  return {
    effects,
    add(effect) {
      if (!closed) return void effects.push(effect)
      const error = new WebhookError(
        'handler_failed',
        'tx was called after the handler returned, so its effect is lost: await the code that calls tx',
      )
      report(error)
      throw error
    },
    close() {
      closed = true
    },
  }
}
