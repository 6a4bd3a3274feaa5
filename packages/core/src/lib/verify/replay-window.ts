import { type Refusal, refuse } from '../shared/refusal.ts'

const TIMESTAMP = /^[1-9][0-9]{0,14}$/

/**
 * Refuses a delivery sent more than `toleranceSeconds` before or after now; the bound itself is accepted.
 *
 * Anything but plain digits is refused, so no text reaches the comparison that could make it NaN.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-webhook-authenticity
 */
export function checkWindow(timestamp: string, nowMs: number, toleranceSeconds: number): Refusal | undefined {
  if (!TIMESTAMP.test(timestamp))
    return refuse('timestamp_malformed', 'webhook-timestamp is not whole unix seconds')
  // The sender's clock has whole seconds; comparing with a fraction of ours would move the bound about.
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp)
  if (ageSeconds < -toleranceSeconds)
    return refuse('timestamp_too_new', 'webhook-timestamp lies in the future')
  // Written as a negated <= so that a clock that answers NaN refuses instead of accepting.
  if (!(ageSeconds <= toleranceSeconds))
    return refuse('timestamp_too_old', 'webhook-timestamp is too long ago')
  return undefined
}
