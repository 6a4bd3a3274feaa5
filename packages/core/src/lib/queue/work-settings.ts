import { checkNames, wholeNumber } from '../shared/options.ts'
import { safeListener } from '../shared/safe-listener.ts'
import type { WorkOptions } from './queue.ts'

/** Work options with every default filled in. */
export type WorkSettings = Required<WorkOptions>

/** How long a claimed delivery is reserved for its worker by default, in milliseconds. */
export const DEFAULT_LEASE_MS = 60_000

const NAMES = [
  'concurrency',
  'leaseMs',
  'handlerTimeoutMs',
  'maxAttempts',
  'backoffMs',
  'maxBackoffMs',
  'pollMs',
  'stopTimeoutMs',
  'recordStacks',
  'onSettled',
  'onError',
  'maxMs',
]

/**
 * Checks work options, fills in the defaults, and wraps the listeners so that they cannot throw.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toWorkSettings(options: WorkOptions = {}): WorkSettings {
  checkNames(options, NAMES, 'work()')
  return {
    concurrency: wholeNumber('concurrency', options.concurrency, 8),
    leaseMs: wholeNumber('leaseMs', options.leaseMs, DEFAULT_LEASE_MS),
    handlerTimeoutMs: wholeNumber('handlerTimeoutMs', options.handlerTimeoutMs, 600_000),
    maxAttempts: wholeNumber('maxAttempts', options.maxAttempts, 12),
    backoffMs: wholeNumber('backoffMs', options.backoffMs, 1_000),
    maxBackoffMs: wholeNumber('maxBackoffMs', options.maxBackoffMs, 3_600_000),
    pollMs: wholeNumber('pollMs', options.pollMs, 1_000),
    stopTimeoutMs: wholeNumber('stopTimeoutMs', options.stopTimeoutMs, 25_000, 0),
    recordStacks: options.recordStacks ?? false,
    onSettled: safeListener(options.onSettled),
    onError: safeListener(options.onError),
  }
}
