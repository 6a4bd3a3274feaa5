import { wholeNumber } from '../shared/options.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

const DEFAULT_TOLERANCE_SECONDS = 300

/**
 * The largest accepted distance between `webhook-timestamp` and now, in seconds; by default 300.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toToleranceSeconds(option: number | undefined): number {
  return wholeNumber('toleranceSeconds', option, DEFAULT_TOLERANCE_SECONDS)
}

const TIMESTAMP = /^[1-9][0-9]{0,14}$/

/**
 * Refuses a delivery sent more than `toleranceSeconds` before or after now, bounds inclusive.
 *
 * Accepts only digits, so that the comparison never sees NaN.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-webhook-authenticity
 */
export function checkWindow(timestamp: string, nowMs: number, toleranceSeconds: number): Refusal | undefined {
  if (!TIMESTAMP.test(timestamp))
    return refuse('timestamp_malformed', 'webhook-timestamp is not a whole number of unix seconds')
  // Timestamps are whole seconds, so the current time is rounded down to make the bounds exact.
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp)
  if (ageSeconds < -toleranceSeconds)
    return refuse('timestamp_too_new', 'webhook-timestamp is too far in the future')
  // Written as a negated <= so that NaN from the clock refuses.
  if (!(ageSeconds <= toleranceSeconds))
    return refuse('timestamp_too_old', 'webhook-timestamp is too far in the past')
  return undefined
}
