import type { WebhookLike } from '../shared/client.ts'
import { invalid } from '../shared/options.ts'

/**
 * Returns the bare id of a webhook. The SDK would encode the slash of `webhooks/…`.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toWebhookId(webhook: string | Pick<WebhookLike, 'id'>): string {
  const id = typeof webhook === 'string' ? webhook : Object(webhook).id
  if (typeof id !== 'string' || id === '') throw invalid('webhook must be the id of a webhook, or a webhook')
  return id.replace(/^webhooks\//, '')
}
