import { WebhookConfigError } from '@gwh/core/errors'

/**
 * Refuses option names nobody reads: a misspelt timeout must not silently be the default.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkOptionNames(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) throw invalid(`there is no option "${unknown}"`)
}

/** @throws WebhookConfigError `option_invalid` unless the timeout is a whole number of at least 1 */
export function checkTimeout(commandTimeoutMs: number): void {
  if (Number.isSafeInteger(commandTimeoutMs) && commandTimeoutMs >= 1) return
  throw invalid('commandTimeoutMs must be a whole number of at least 1')
}

/** @throws WebhookConfigError `option_invalid` when the prefix would move the hash tag */
export function checkPrefix(prefix: string): void {
  if (typeof prefix === 'string' && !/[{}]/.test(prefix)) return
  throw invalid('prefix must be a text without braces')
}

/**
 * The name of a delivery's record. The braces make the key its hash tag, so that whatever belongs to one
 * delivery lives in one slot of a cluster, under any prefix.
 *
 * @throws WebhookConfigError `option_invalid` when the key is empty or has braces
 */
export function toRecordName(prefix: string, key: string): string {
  if (typeof key === 'string' && key !== '' && !/[{}]/.test(key)) return `${prefix}{${key}}`
  throw invalid('a key must be a text without braces that is not empty')
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
