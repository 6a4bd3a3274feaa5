import { WebhookConfigError } from '@gwh/core/errors'

/** Creates the error for a missing or wrong option: `option_invalid`. */
export function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}
