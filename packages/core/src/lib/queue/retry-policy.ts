import { PermanentError, WebhookError, WebhookPayloadError } from '../shared/errors.ts'
import { isInstance } from '../shared/thrown.ts'
import type { DeadReason } from './delivery-record.ts'
import type { WorkSettings } from './work-settings.ts'

/** The reason with which a stopping worker aborts its handlers. Their deliveries are due again at once. */
export class WorkerStopped extends WebhookError {
  constructor() {
    super('draining', 'the worker was stopped')
  }
}

/** Why a failed delivery is not tried again; `undefined` when it is. */
export function toDeadReason(error: unknown, attempt: number, maxAttempts: number): DeadReason | undefined {
  if (isInstance(error, PermanentError)) return 'handler_rejected'
  if (isInstance(error, WebhookPayloadError)) return 'payload_invalid'
  if (isInstance(error, WorkerStopped)) return undefined
  return attempt >= maxAttempts ? 'attempts' : undefined
}

/** Full jitter: a random wait, in milliseconds, up to a ceiling that doubles with every attempt. */
export function toBackoffMs(
  attempt: number,
  { backoffMs, maxBackoffMs }: Pick<WorkSettings, 'backoffMs' | 'maxBackoffMs'>,
  random: () => number,
): number {
  const ceiling = Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1))
  // At least 1 ms: one drain would otherwise use up every attempt.
  return Math.max(1, Math.ceil(random() * ceiling))
}
