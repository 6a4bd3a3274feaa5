import type { EventType } from '@gwh/core'
import { checkNames } from '@gwh/core/options'
import { ApiFailedError, callApi } from '../shared/api-failed.ts'
import type { WebhookClient, WebhookLike } from '../shared/client.ts'
import { invalid } from '../shared/options.ts'
import { checkUri } from '../shared/webhook-uris.ts'
import { type FoundWebhook, findWebhooks, idOf, inOrder } from './find-webhooks.ts'
import { toSigningSecret } from './signing-secret.ts'

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
  /** The ids of other webhooks with the same name, which this call leaves alone. Some may be about to be deleted. */
  duplicates: readonly string[]
  /** `true` if the API could not list the webhooks after the creation, so that there may be duplicates. */
  duplicatesUnknown?: true
}

/**
 * Makes sure that a webhook of this name exists, is enabled, and has this URI and these events. Creates it, changes what
 * differs, or does nothing: calling it with each deployment leaves one webhook. Of several webhooks of the name, every
 * process takes the same: one with this URI before the others, and of those the one with the smallest id.
 *
 * If the answer to the creation is lost or has no secret, the webhook is searched for and its secret rotated, with Google's grace of 24
 * hours, because it may be one that another process has created at the same moment.
 *
 * @throws ApiFailedError `api_failed` if the API refuses, does not answer, or its answer cannot be used
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
  const { client, name, uri } = options
  return await callApi(`ensureWebhook(${name})`, client, async () => {
    const [webhook, ...others] = await findWebhooks(client, name, uri)
    return webhook ? await adjust(webhook, others, options) : await create(options)
  })
}

function checkOptions(options: EnsureWebhookOptions): void {
  checkNames(options, ['client', 'name', 'uri', 'events'], 'ensureWebhook()')
  const { name, uri, events } = options
  if (typeof name !== 'string' || name === '') throw invalid('name must be a non-empty string')
  checkUri(uri)
  if (!Array.isArray(events) || events.length === 0) throw invalid('events must list at least one event type')
}

/** Changes what differs in a webhook that exists. */
async function adjust(
  webhook: FoundWebhook,
  others: readonly FoundWebhook[],
  options: EnsureWebhookOptions,
): Promise<EnsuredWebhook> {
  const { id } = webhook
  const change = toChange(webhook, options)
  const changed = Object.keys(change)
  if (changed.length > 0) await options.client.webhooks.update(id, change)
  const outcome = changed.length > 0 ? 'updated' : 'unchanged'
  return { id, outcome, changed, duplicates: others.map(idOf) }
}

const toList = (types: readonly string[]) => [...new Set(types)].sort().join(' ')

function toChange(webhook: WebhookLike, { uri, events }: EnsureWebhookOptions) {
  const { subscribed_events, state } = webhook
  const same = toList(subscribed_events ?? []) === toList(events)
  return {
    ...(webhook.uri !== uri && { uri }),
    ...(!same && { subscribed_events: [...events] }),
    ...(state !== undefined && state !== 'enabled' && { state: 'enabled' as const }),
  }
}

async function create(options: EnsureWebhookOptions): Promise<EnsuredWebhook> {
  const { client, name, uri, events } = options
  let made: { id: string; secret: string }
  try {
    // The SDK would send a request again that was not answered, and make a second webhook.
    const answer = await client.webhooks.create(
      { name, uri, subscribed_events: [...events] },
      { maxRetries: 0 },
    )
    made = { id: idOf(answer), secret: toSigningSecret(answer.new_signing_secret) }
  } catch (error) {
    return await recover(error, options)
  }
  return await giveWay(made.id, made.secret, options)
}

/** Finds a webhook that was created although the answer was lost, or that another process has created meanwhile. */
async function recover(error: unknown, { client, name, uri }: EnsureWebhookOptions): Promise<EnsuredWebhook> {
  if (!isAmbiguous(error)) throw error
  const [found, ...others] = await findWebhooks(client, name, uri)
  if (!found) throw error
  const secret = await replaceSecret(client, found.id)
  return { id: found.id, outcome: 'created', changed: [], secret, duplicates: others.map(idOf) }
}

/** Deletes the webhook again if another process has created one at the same moment that comes first. */
async function giveWay(id: string, secret: string, options: EnsureWebhookOptions): Promise<EnsuredWebhook> {
  const { client, name, uri } = options
  const created = { id, outcome: 'created', changed: [], secret } as const
  const listed = await findWebhooks(client, name, uri).catch(() => undefined)
  // The secret is shown once: it must be returned, whatever fails from here on.
  if (!listed) return { ...created, duplicates: [], duplicatesUnknown: true }
  const others = listed.filter((webhook) => webhook.id !== id)
  const [first] = inOrder([...others, { id, uri }], uri)
  if (!first || first.id === id) return { ...created, duplicates: others.map(idOf) }
  const isDeleted = await remove(client, id)
  const rest = listed.filter((webhook) => webhook !== first && !(isDeleted && webhook.id === id))
  return await adjust(first, rest, options)
}

async function remove({ webhooks }: WebhookClient, id: string): Promise<boolean> {
  return await webhooks.delete(id).then(
    () => true,
    () => false,
  )
}

/** Replaces a secret that was in a lost answer. Another process may have it, so it stays valid for 24 hours. */
async function replaceSecret({ webhooks }: WebhookClient, id: string): Promise<string> {
  const behavior = { revocation_behavior: 'revoke_previous_secrets_after_h24' } as const
  const answer = await webhooks.rotateSigningSecret(id, behavior, { maxRetries: 0 })
  return toSigningSecret(answer?.secret)
}

/** Whether the request may have been carried out although it failed. */
function isAmbiguous(error: unknown): boolean {
  if (error instanceof ApiFailedError) return true
  const { status } = Object(error) as { status?: unknown }
  return typeof status !== 'number' || status >= 500
}
