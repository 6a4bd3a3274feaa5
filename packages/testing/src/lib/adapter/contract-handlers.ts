import type { Receiver } from '@gwh/core'

/** The key in `user_metadata` that says what a handler of the contract is to do. */
export const CONTRACT_FIELD = 'gwh_contract'
/** The key in `user_metadata` that names what a waiting handler waits for. */
export const CONTRACT_GATE_FIELD = 'gwh_contract_gate'

/**
 * Registers the handlers that `adapterContract` needs to see what happens behind the answer. Returns the receiver.
 *
 * A delivery asks for them in its `user_metadata`: `gwh_contract` is `throw`, or `wait` (until its latch is opened), or
 * `open` (which opens it); `gwh_contract_gate` names the latch. Events without that field are left alone.
 *
 * @example
 * ```ts
 * const receiver = contractHandlers(createReceiver({ static: { secrets } }))
 * ```
 */
export function contractHandlers(receiver: Receiver): Receiver {
  const latches = new Map<unknown, PromiseWithResolvers<void>>()
  const latch = (name: unknown) => {
    const known = latches.get(name) ?? Promise.withResolvers<void>()
    latches.set(name, known)
    return known
  }
  return receiver
    .on({ metadata: { [CONTRACT_FIELD]: 'throw' } }, () => {
      throw new RangeError('the contract asked for this')
    })
    .on(
      { metadata: { [CONTRACT_FIELD]: 'wait' } },
      (event) => latch(event.userMetadata[CONTRACT_GATE_FIELD]).promise,
    )
    .on({ metadata: { [CONTRACT_FIELD]: 'open' } }, (event) =>
      latch(event.userMetadata[CONTRACT_GATE_FIELD]).resolve(),
    )
}
