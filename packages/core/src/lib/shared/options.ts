import { WebhookConfigError } from './errors.ts'

/**
 * Refuses option names nobody reads: a misspelt limit must not silently be no limit.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkNames(options: object, known: readonly string[], where: string): void {
  // `in` a loop rather than `Object.keys`: this runs for every call of `verifyWebhook`.
  for (const name in options) {
    if (!known.includes(name)) {
      throw new WebhookConfigError('option_invalid', `${where} has no option "${name}"`)
    }
  }
}

/**
 * A whole number of at least `least`, or the default where none is given.
 *
 * @throws WebhookConfigError `option_invalid` for anything else, NaN and Infinity among it
 */
export function wholeNumber(name: string, value: number | undefined, fallback: number, least = 1): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || value < least) {
    throw new WebhookConfigError('option_invalid', `${name} must be a whole number of at least ${least}`)
  }
  return value
}

/** An option is missing or wrong. */
export function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}
