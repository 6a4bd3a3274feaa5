import type { EventType } from '@gwh/core'
import { checkNames } from '@gwh/core/options'
import type { RevocationBehavior, WebhookClient, WebhookLike } from '../shared/client.ts'
import { incomplete } from '../shared/errors.ts'
import { invalid } from '../shared/options.ts'
import { checkUri } from '../shared/webhook-uris.ts'

/** Options of `ensureWebhook`. */
export interface EnsureWebhookOptions {
  /** A `GoogleGenAI` client of `@google/genai` 2 or 3. */
  client: WebhookClient
  /** The name of the webhook. It identifies the webhook: one project should have one of each name. */
  name: string
  /** Where its events are sent: an `https:` URL, or `http:` on this machine. */
  uri: string
  /** The event types it is subscribed to. */
  events: readonly (EventType | (string & {}))[]
}

/** What `ensureWebhook` found or did. */
export interface EnsuredWebhook {
  /** The id of the webhook. */
  id: string
  /** Whether it was created, changed, or there already. */
  outcome: 'created' | 'updated' | 'unchanged'
  /** The fields that were changed: `uri`, `subscribed_events`, `state`. */
  changed: readonly string[]
  /** The signing secret, only when the webhook was created: Google shows it once. Store it now. */
  secret?: string
  /** The ids of other webhooks with the same name, which this call leaves alone. */
  duplicates: readonly string[]
}

const PAGE_SIZE = 1_000
const REVOKE_NOW: RevocationBehavior = 'revoke_previous_secrets_immediately'

/**
 * Makes sure that a webhook of this name exists, is enabled, and has this URI and these events. Creates it, changes what
 * differs, or does nothing: calling it with each deployment leaves one webhook.
 *
 * @throws WebhookConfigError `option_invalid`
 * @see https://ai.google.dev/api/webhooks
 * @example
 * ```ts
 * const { secret } = await ensureWebhook({ client, name: 'jobs', uri, events: ['batch.succeeded', 'batch.failed'] })
 * if (secret) await vault.write('gemini/webhook-secret', secret)
 * ```
 */
export async function ensureWebhook(options: EnsureWebhookOptions): Promise<EnsuredWebhook> {
  checkOptions(options)
  const [webhook, ...others] = await findByName(options)
  if (!webhook) return await create(options)
  const duplicates = others.map(idOf)
  const change = toChange(webhook, options)
  const changed = Object.keys(change)
  if (changed.length > 0) await options.client.webhooks.update(idOf(webhook), change)
  return { id: idOf(webhook), outcome: changed.length > 0 ? 'updated' : 'unchanged', changed, duplicates }
}

function checkOptions(options: EnsureWebhookOptions): void {
  checkNames(options, ['client', 'name', 'uri', 'events'], 'ensureWebhook()')
  const { name, uri, events } = options
  if (typeof name !== 'string' || name === '') throw invalid('name must be a non-empty string')
  checkUri(uri)
  if (!Array.isArray(events) || events.length === 0) throw invalid('events must list at least one event type')
}

/** The webhooks of that name: those with the right URI first, then the others, each in the order of the API. */
async function findByName({ client, name, uri }: EnsureWebhookOptions): Promise<WebhookLike[]> {
  const found: WebhookLike[] = []
  let page_token: string | undefined
  do {
    const page = await client.webhooks.list({ page_size: PAGE_SIZE, ...(page_token && { page_token }) })
    found.push(...(page.webhooks ?? []).filter((webhook) => webhook.name === name))
    page_token = page.next_page_token
  } while (page_token)
  return found.sort((one, other) => Number(other.uri === uri) - Number(one.uri === uri))
}

const toList = (types: readonly string[]) => [...new Set(types)].sort().join(' ')

function toChange(webhook: WebhookLike, { uri, events }: EnsureWebhookOptions) {
  const { subscribed_events = [], state } = webhook
  const same = toList(subscribed_events) === toList(events)
  return {
    ...(webhook.uri !== uri && { uri }),
    ...(!same && { subscribed_events: [...events] }),
    ...(state !== undefined && state !== 'enabled' && { state: 'enabled' as const }),
  }
}

async function create(options: EnsureWebhookOptions): Promise<EnsuredWebhook> {
  const { client } = options
  const made = await createOnce(options)
  // Another process may have created one at the same moment. All see the same list, and agree on the first id.
  const ids = (await findByName(options)).map(idOf).sort()
  const [first = made.id] = ids
  if (first === made.id) return { ...made, outcome: 'created', changed: [], duplicates: [] }
  await client.webhooks.delete(made.id)
  const duplicates = ids.filter((id) => id !== first && id !== made.id)
  return { id: first, outcome: 'unchanged', changed: [], duplicates }
}

/** Creates the webhook, and finds it if the answer was lost. The SDK would send the request again and make a second one. */
async function createOnce(options: EnsureWebhookOptions): Promise<{ id: string; secret: string }> {
  const { client, name, uri, events } = options
  const request = { name, uri, subscribed_events: [...events] }
  try {
    const webhook = await client.webhooks.create(request, { maxRetries: 0 })
    return { id: idOf(webhook), secret: secretOf(webhook.new_signing_secret) }
  } catch (error) {
    if (!isAmbiguous(error)) throw error
    const [made] = await findByName(options)
    if (!made) throw error
    // Its secret was in the lost answer. Nobody uses it yet, so it can be replaced at once.
    const rotated = await client.webhooks.rotateSigningSecret(idOf(made), { revocation_behavior: REVOKE_NOW })
    return { id: idOf(made), secret: secretOf(rotated.secret) }
  }
}

/** Whether the request may have been carried out although it failed. */
function isAmbiguous(error: unknown): boolean {
  const { status } = Object(error) as { status?: unknown }
  return typeof status !== 'number' || status >= 500
}

function idOf({ id }: WebhookLike): string {
  if (id === undefined) throw incomplete('webhook id')
  return id
}

function secretOf(secret: string | undefined): string {
  if (secret === undefined) throw incomplete('signing secret')
  return secret
}
