import type { Endpoint } from '../delivery/delivery.ts'
import { Sender } from '../delivery/sender.ts'
import { type EventInput, toBody } from '../events/envelope.ts'
import { TimerClock } from '../shared/clock.ts'
import type { Settings } from '../shared/options.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import { createKeys, type SigningKeys } from '../signing/keys.ts'
import { createRegistry, dynamicEndpoint, type WebhookRegistry } from '../webhooks/registry.ts'

/** Everything one emulator consists of; all APIs share it. */
export interface EmulatorState {
  readonly settings: Settings
  readonly clock: TimerClock
  readonly keys: SigningKeys
  readonly webhooks: WebhookRegistry
  readonly sender: Sender
  /** Delivers an event to `uris`, or without them to every subscribed webhook. */
  emit(event: EventInput, uris?: readonly string[]): DeliverySnapshot[]
  /** Delivers an event to chosen endpoints. */
  emitTo(event: EventInput, endpoints: readonly Endpoint[]): DeliverySnapshot[]
}

/** Creates the state of a fresh emulator. */
export function createState(settings: Settings): EmulatorState {
  const clock = new TimerClock(settings)
  const keys = createKeys()
  const webhooks = createRegistry(() => clock.now())
  const sender = new Sender(clock, settings)
  const emitTo: EmulatorState['emitTo'] = (event, endpoints) =>
    sender.send(event, toBody(event, clock.now()), endpoints)
  return {
    settings,
    clock,
    keys,
    webhooks,
    sender,
    emitTo,
    // A job's own URIs stand in place of the registered webhooks, not beside them.
    emit: (event, uris) =>
      emitTo(event, uris?.map((uri) => dynamicEndpoint(uri, keys)) ?? webhooks.subscribers(event.type)),
  }
}
