/**
 * Google's side of Gemini webhooks on your own machine.
 *
 * @module
 */

export { loadScenarios } from './lib/control/load-scenarios.ts'
export { recordedTest } from './lib/control/recorded-test.ts'
export { createEmulator } from './lib/server/emulator.ts'
export type { DeliveryOptions, DynamicSigning, Profile } from './lib/shared/delivery-options.ts'
export { EmulatorError, type EmulatorErrorCode } from './lib/shared/errors.ts'
export type {
  ActiveFault,
  ApiFault,
  DeliveryFault,
  DeliveryTrouble,
  Fault,
  FaultMatch,
  FaultName,
  FaultRule,
  Faults,
  JwksFault,
} from './lib/shared/fault-types.ts'
export type { JobKind } from './lib/shared/job-kind.ts'
export type { Limits } from './lib/shared/limits.ts'
export type { EmulatorOptions, PresetWebhook } from './lib/shared/options.ts'
export type { Respond, RespondRequest } from './lib/shared/respond.ts'
export type {
  FunctionCall,
  JobError,
  Outcome,
  OutcomeName,
  Scenario,
  ScenarioMatch,
  ScenarioOutcome,
} from './lib/shared/scenario.ts'
export type { Scheme } from './lib/shared/scheme.ts'
export type {
  DeliverySignal,
  EmulatorObserver,
  EmulatorSignal,
  JobSignal,
} from './lib/shared/signals.ts'
export type {
  Attempt,
  AttemptCode,
  DeliverySnapshot,
  DeliveryState,
  Emulator,
  EmulatorClock,
  EmulatorSnapshot,
  JobRef,
  TriggerOptions,
  TriggerResult,
  WebhookSnapshot,
} from './lib/shared/types.ts'
