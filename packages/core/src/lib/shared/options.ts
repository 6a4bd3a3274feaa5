import { WebhookConfigError } from './errors.ts'

/**
 * Refuses unknown option names, so that a misspelt limit is not silently ignored.
 *
 * @param where The function or option the names belong to, for the message
 * @throws WebhookConfigError `option_invalid`
 */
export function checkNames(options: object, known: readonly string[], where: string): void {
  // Plain JavaScript may pass anything.
  if (typeof options !== 'object' || options === null) throw invalid(`${where} takes an options object`)
  // A `for in` loop is faster than `Object.keys`, and this runs in every call of `verifyWebhook`.
  for (const name in options) {
    if (!known.includes(name)) {
      throw invalid(`${where} has no option "${name}"`)
    }
  }
}

/**
 * Returns a whole number of at least `least`, or `fallback` if the value is `undefined`.
 *
 * @throws WebhookConfigError `option_invalid` for anything else, including NaN and Infinity
 */
export function wholeNumber(name: string, value: number | undefined, fallback: number, least = 1): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalid(`${name} must be a whole number of at least ${least}`)
  }
  return value
}

const HOUR_MS = 3_600_000

/**
 * Returns a retention in milliseconds: at least 25 hours, because Google retries for 24.
 *
 * @param hours The default, in hours
 * @throws WebhookConfigError `option_invalid` for anything else, including NaN
 */
export function retention(name: string, value: number | undefined, hours: number): number {
  if (value === undefined) return hours * HOUR_MS
  // Written as a negated >= so that NaN is refused too.
  if (!(value >= 25 * HOUR_MS)) throw invalid(`${name} must be at least 25 hours, in milliseconds`)
  return value
}

/**
 * Checks an option that can only be `true` or absent.
 *
 * @throws WebhookConfigError `option_invalid` for anything but `true` and absence
 */
export function checkTrue(name: string, value: unknown): void {
  if (value !== undefined && value !== true) throw invalid(`${name} must be true or absent`)
}

/**
 * Checks an optional function.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalid(`${name} must be a function`)
}

/** Creates the error for a missing or invalid option: `option_invalid`. */
export function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}
