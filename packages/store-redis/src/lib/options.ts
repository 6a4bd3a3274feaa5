import { WebhookConfigError } from '@gwh/core/errors'

/** @throws WebhookConfigError `option_invalid` when the prefix would move the hash tag */
export function checkPrefix(prefix: string): void {
  if (typeof prefix === 'string' && !/[{}]/.test(prefix)) return
  throw invalid('prefix must be a string without braces')
}

/**
 * The name of a delivery's record. The braces make the key its hash tag, so that whatever belongs to one
 * delivery lives in one slot of a cluster, under any prefix.
 *
 * @throws WebhookConfigError `option_invalid` when the key is empty or has braces
 */
export function toRecordName(prefix: string, key: string): string {
  if (typeof key === 'string' && key !== '' && !/[{}]/.test(key)) return `${prefix}{${key}}`
  throw invalid('a key must be a non-empty string without braces')
}

/** @throws WebhookConfigError `option_invalid` unless every value is a finite number */
export function checkTimes(times: Record<string, number>): void {
  for (const [name, value] of Object.entries(times)) {
    if (!Number.isFinite(value)) throw invalid(`${name} must be a time in epoch milliseconds`)
  }
}

function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}
