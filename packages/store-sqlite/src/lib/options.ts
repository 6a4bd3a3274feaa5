import { WebhookConfigError } from '@gwh/core/errors'

/**
 * Refuses option names nobody reads: a misspelt retention must not silently be the default.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkOptionNames(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new WebhookConfigError('option_invalid', `there is no option "${unknown}"`)
}
