import { TimerClock } from './clock.ts'
import { Sender } from './deliver.ts'
import type { Endpoint } from './delivery.ts'
import { type EventInput, toBody } from './envelope.ts'
import { createKeys, type SigningKeys } from './keys.ts'
import type { Settings } from './options.ts'
import type { DeliverySnapshot } from './types.ts'
import { createRegistry, dynamicEndpoint, type WebhookRegistry } from './webhooks.ts'

/** Everything one emulator consists of; the API rooms share it. */
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
