import { WebhookConfigError } from './errors.ts'

/**
 * Refuses unknown option names: a misspelt limit must not silently be no limit.
 *
 * @param where What the options belong to, for the message
 * @throws WebhookConfigError `option_invalid`
 */
export function checkNames(options: object, known: readonly string[], where: string): void {
  // Plain JavaScript may pass anything.
  if (typeof options !== 'object' || options === null) throw invalid(`${where} takes an object of options`)
  // `in` a loop rather than `Object.keys`: this runs for every call of `verifyWebhook`.
  for (const name in options) {
    if (!known.includes(name)) {
      throw invalid(`${where} has no option "${name}"`)
    }
  }
}

/**
 * A whole number of at least `least`, or the default where none is given.
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
 * How long something settled is kept, in milliseconds: at least 25 hours, because the sender retries for 24.
 *
 * @param hours The default, in hours
 * @throws WebhookConfigError `option_invalid` for anything else, NaN among it
 */
export function retention(name: string, value: number | undefined, hours: number): number {
  if (value === undefined) return hours * HOUR_MS
  // Written as a negated >= so that NaN is refused too.
  if (!(value >= 25 * HOUR_MS)) throw invalid(`${name} must be at least 25 hours, in milliseconds`)
  return value
}

/**
 * Checks an option that switches something on and has no off.
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

/** The error for an option that is missing or wrong. */
export function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}
