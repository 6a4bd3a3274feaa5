import { noteBlockedTargets } from '../project/blocked-targets.ts'
import type { CommandContext } from '../shared/context.ts'
import { toFields } from '../shared/fields.ts'
import { toPage, toWebhook } from './answers.ts'
import { callApi, connect, MAY_BE_THERE } from './client.ts'
import { type OutputFlags, openSecretSink, type SecretFlags } from './secret-sink.ts'
import { type ShownWebhook, showAll, showOne } from './show.ts'

const PAGE_SIZE = 1_000
// A million webhooks are more than anybody has: an API that never ends its list must not fill the memory.
const MOST_PAGES = 1_000

/** Prints all webhooks of the project. */
export async function list(context: CommandContext, { json }: OutputFlags): Promise<void> {
  const api = await connect(context)
  const webhooks: ShownWebhook[] = []
  let page_token: string | undefined
  let pages = 0
  do {
    const page = await callApi(api, context.signal, () =>
      api.sdk.webhooks.list({ page_size: PAGE_SIZE, ...(page_token && { page_token }) }),
    )
    const { webhooks: found, next } = toPage(page)
    webhooks.push(...found)
    page_token = next
    pages++
  } while (page_token !== undefined && pages < MOST_PAGES)
  if (json) return context.terminal.json({ webhooks })
  if (webhooks.length > 0) return showAll(context, webhooks)
  context.terminal.note('There is no webhook yet. Create one with `gwh webhooks register`.')
}

/** Prints one webhook. */
export async function get(context: CommandContext, id: string, flags: OutputFlags): Promise<void> {
  const api = await connect(context)
  print(context, await callApi(api, context.signal, () => api.sdk.webhooks.get(id)), flags)
}

/** The options of `gwh webhooks create`. */
export interface CreateFlags extends OutputFlags, SecretFlags {
  readonly uri: string
  readonly events: readonly string[]
  readonly name?: string
}

/** Creates a webhook, and puts its secret where the user said. */
export async function create(context: CommandContext, flags: CreateFlags): Promise<void> {
  const sink = await openSecretSink(context, flags)
  const api = await connect(context)
  const { uri, events, name } = flags
  const request = { uri, subscribed_events: [...events], ...(name !== undefined && { name }) }
  // The SDK would send it again when the answer is lost, and make a second webhook.
  const webhook = await callApi(
    api,
    context.signal,
    () => api.sdk.webhooks.create(request, { maxRetries: 0 }),
    MAY_BE_THERE,
  )
  const { id, new_signing_secret: secret } = toFields(webhook)
  if (typeof secret === 'string' && secret !== '') await sink.save(secret, String(id))
  else context.terminal.note('The API showed no signing secret.')
  const shown = typeof secret === 'string' ? { new_signing_secret: sink.toJson(secret) } : {}
  print(context, { ...toFields(webhook), ...shown }, flags)
  await noteBlockedTargets(context, api.baseUrl, [uri])
}

/** The options of `gwh webhooks update`. */
export interface UpdateFlags extends OutputFlags {
  readonly uri?: string
  readonly events?: readonly string[]
  readonly name?: string
  readonly state?: 'enabled' | 'disabled'
}

/** Changes the fields that were given. */
export async function update(context: CommandContext, id: string, flags: UpdateFlags): Promise<void> {
  const { uri, events, name, state } = flags
  const change = {
    ...(uri !== undefined && { uri }),
    ...(events !== undefined && { subscribed_events: [...events] }),
    ...(name !== undefined && { name }),
    ...(state !== undefined && { state }),
  }
  const api = await connect(context)
  print(context, await callApi(api, context.signal, () => api.sdk.webhooks.update(id, change)), flags)
}

/** Deletes a webhook. */
export async function remove(context: CommandContext, id: string, { json }: OutputFlags): Promise<void> {
  const api = await connect(context)
  await callApi(api, context.signal, () => api.sdk.webhooks.delete(id))
  if (json) context.terminal.json({ id, deleted: true })
  else context.terminal.out(`${id} is deleted`)
}

/** Has the API send a ping. */
export async function ping(context: CommandContext, id: string, { json }: OutputFlags): Promise<void> {
  const api = await connect(context)
  await callApi(api, context.signal, () => api.sdk.webhooks.ping(id))
  if (json) return context.terminal.json({ id, pinged: true })
  context.terminal.out(`a ping is on its way to ${id}`)
  context.terminal.note('The API does not say whether it arrives: look at the log of the receiver.')
}

function print(context: CommandContext, answer: unknown, { json }: OutputFlags): void {
  const webhook = toWebhook(answer)
  if (json) context.terminal.json(webhook)
  else showOne(context, webhook)
}
