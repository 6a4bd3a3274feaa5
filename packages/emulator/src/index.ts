export { createEmulator } from './lib/emulator.ts'
export { EmulatorError, type EmulatorErrorCode } from './lib/errors.ts'
export type { EmulatorOptions } from './lib/options.ts'
export type { DeliverySignal, EmulatorObserver, EmulatorSignal, JobKind, JobSignal } from './lib/signals.ts'
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
} from './lib/types.ts'
