import { ApiFailedError, incomplete } from '../shared/api-failed.ts'
import type { WebhookClient, WebhookLike } from '../shared/client.ts'

/** A webhook of the name that was searched for. */
export type FoundWebhook = WebhookLike & { id: string }

const PAGE_SIZE = 1_000
const MOST_PAGES = 100

/**
 * Returns all webhooks of a name, in the order of `inOrder`.
 *
 * @param uri The URI that the webhook should have
 * @throws ApiFailedError `api_failed` for an answer that is no list, and for a list without an end
 */
export async function findWebhooks(
  { webhooks }: WebhookClient,
  name: string,
  uri: string,
): Promise<FoundWebhook[]> {
  const found: FoundWebhook[] = []
  let page_token: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await webhooks.list({ page_size: PAGE_SIZE, ...(page_token && { page_token }) })
    const listed = toList(page).filter((webhook) => webhook?.name === name)
    found.push(...listed.map((webhook) => ({ ...webhook, id: idOf(webhook) })))
    if (!page.next_page_token) return inOrder(found, uri)
    if (page.next_page_token === page_token) break
    page_token = page.next_page_token
  }
  throw new ApiFailedError('the API returned a list of webhooks without an end')
}

/** The webhooks of one page. A page without any leaves the member out. */
function toList(page: unknown): readonly WebhookLike[] {
  const isPage = typeof page === 'object' && page !== null && !Array.isArray(page)
  const listed = isPage ? ((page as { webhooks?: unknown }).webhooks ?? []) : undefined
  if (Array.isArray(listed)) return listed
  throw incomplete('list of webhooks')
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
 * @throws ApiFailedError `api_failed` if it has none
 */
export function idOf(webhook: WebhookLike): string {
  const id: unknown = webhook?.id
  if (typeof id !== 'string' || id === '') throw incomplete('webhook id')
  return id
}
