import type { WebhookLike } from '@gwh/genai'
import type { CommandContext } from '../shared/context.ts'
import { dim } from '../shared/paint.ts'
import { toTable } from '../shared/table.ts'

/** A webhook as the API shows it. */
export interface ShownWebhook extends WebhookLike {
  readonly signing_secrets?:
    | readonly { readonly truncated_secret?: string | undefined; readonly expire_time?: unknown }[]
    | undefined
}

/** Prints webhooks as a table, one line for each. */
export function showAll({ terminal }: CommandContext, webhooks: readonly ShownWebhook[]): void {
  const rows = webhooks.map(({ id, name, state, uri, subscribed_events = [] }) => {
    return [id, name, state, uri, subscribed_events.join(' ')]
  })
  terminal.lines(toTable(['id', 'name', 'state', 'uri', 'events'], rows))
}

/** Prints one webhook, a line for each field. */
export function showOne({ terminal }: CommandContext, webhook: ShownWebhook): void {
  const secrets = webhook.signing_secrets?.map(({ truncated_secret = '', expire_time }) =>
    expire_time === undefined ? truncated_secret : `${truncated_secret} until ${expire_time}`,
  )
  const fields = {
    id: webhook.id,
    name: webhook.name,
    state: webhook.state,
    uri: webhook.uri,
    events: webhook.subscribed_events?.join(' '),
    secrets: secrets?.join(', '),
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) terminal.out(dim(name.padEnd(8)), ` ${value}`)
  }
}
