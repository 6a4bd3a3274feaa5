/**
 * Google's side of Gemini webhooks on your own machine.
 *
 * @module
 */

export { createEmulator } from './lib/server/emulator.ts'
export { EmulatorError, type EmulatorErrorCode } from './lib/shared/errors.ts'
export type { EmulatorOptions, Limits } from './lib/shared/options.ts'
export type { Respond, RespondRequest } from './lib/shared/respond.ts'
export type {
  DeliverySignal,
  EmulatorObserver,
  EmulatorSignal,
  JobKind,
  JobSignal,
} from './lib/shared/signals.ts'
export type {
  Attempt,
  AttemptCode,
  DeliverySnapshot,
  DeliveryState,
  Emulator,
  EmulatorClock,
  Scheme,
  TriggerOptions,
  TriggerResult,
} from './lib/shared/types.ts'
