import { CliError } from '../shared/cli-error.ts'
import { toFields } from '../shared/fields.ts'
import type { ShownWebhook } from './show.ts'

/**
 * Reads what the API answered as a webhook; fields of a wrong type are left out.
 *
 * @throws CliError when it has no id
 */
export function toWebhook(answer: unknown): ShownWebhook & { readonly id: string } {
  const { id, name, uri, state, subscribed_events, signing_secrets, ...rest } = toFields(answer)
  if (typeof id !== 'string') throw new CliError('failed', 'the API answered something that is no webhook')
  return {
    ...rest,
    id,
    name: toText(name),
    uri: toText(uri),
    state: toText(state),
    subscribed_events: toList(subscribed_events)?.filter((type) => typeof type === 'string'),
    signing_secrets: toList(signing_secrets)?.map(toSecret),
  }
}

/**
 * Reads what the API answered as a page of webhooks.
 *
 * @throws CliError when it is none
 */
export function toPage(answer: unknown): { webhooks: ShownWebhook[]; next: string | undefined } {
  const { webhooks = [], next_page_token } = toFields(answer)
  const isPage = typeof answer === 'object' && answer !== null && Array.isArray(webhooks)
  if (!isPage) throw new CliError('failed', 'the API answered something that is no list of webhooks')
  return { webhooks: webhooks.map(toWebhook), next: toText(next_page_token) || undefined }
}

function toSecret(value: unknown): { truncated_secret: string | undefined; expire_time: string | undefined } {
  const { truncated_secret, expire_time } = toFields(value)
  return { truncated_secret: toText(truncated_secret), expire_time: toText(expire_time) }
}

const toText = (value: unknown) => (typeof value === 'string' ? value : undefined)

const toList = (value: unknown): unknown[] | undefined => (Array.isArray(value) ? value : undefined)
