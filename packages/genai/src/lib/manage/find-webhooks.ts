import type { WebhookClient, WebhookLike } from '../shared/client.ts'
import { incomplete } from '../shared/errors.ts'

/** A webhook of the name that was searched for. */
export type FoundWebhook = WebhookLike & { id: string }

const PAGE_SIZE = 1_000

/**
 * Returns all webhooks of a name, in the order of `inOrder`.
 *
 * @param uri The URI that the webhook should have
 */
export async function findWebhooks(
  { webhooks }: WebhookClient,
  name: string,
  uri: string,
): Promise<FoundWebhook[]> {
  const found: FoundWebhook[] = []
  let page_token: string | undefined
  do {
    const page = await webhooks.list({ page_size: PAGE_SIZE, ...(page_token && { page_token }) })
    const named = (page.webhooks ?? []).filter((webhook) => webhook.name === name)
    found.push(...named.map((webhook) => ({ ...webhook, id: idOf(webhook) })))
    page_token = page.next_page_token
  } while (page_token)
  return inOrder(found, uri)
}

/**
 * Sorts webhooks: those with the right URI first, then by id. Every process that sees the same webhooks agrees on the
 * first, whatever the order in which the API lists them.
 */
export function inOrder(webhooks: readonly FoundWebhook[], uri: string): FoundWebhook[] {
  const rank = (webhook: FoundWebhook) => `${Number(webhook.uri !== uri)} ${webhook.id}`
  return webhooks.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1))
}

/**
 * The id of a webhook.
 *
 * @throws ResultUnavailableError `result_unavailable` if it has none
 */
export function idOf({ id }: WebhookLike): string {
  if (id === undefined) throw incomplete('webhook id')
  return id
}
