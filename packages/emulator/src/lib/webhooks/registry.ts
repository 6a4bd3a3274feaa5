import type { EndpointRef } from '../delivery/delivery.ts'
import { newResourceId } from '../shared/ids.ts'
import { newSecret, type RevocationBehavior, rotateSecrets, type SigningSecret } from '../signing/secrets.ts'
import type { Records } from '../storage/records.ts'

/** Whether a webhook gets deliveries. */
export type WebhookState = 'enabled' | 'disabled'

/** A registered webhook. */
export interface Webhook {
  readonly id: string
  readonly name?: string | undefined
  readonly uri: string
  readonly subscribedEvents: readonly string[]
  readonly state: WebhookState
  /** Newest first. */
  readonly secrets: readonly SigningSecret[]
}

/** What a caller sets when creating a webhook, or changes with a patch. */
export type WebhookChange = Partial<Pick<Webhook, 'name' | 'uri' | 'subscribedEvents' | 'state'>>

/** The registered webhooks of the one project there is. */
export interface WebhookRegistry {
  create(input: WebhookChange & Pick<Webhook, 'uri' | 'subscribedEvents'>): Webhook
  get(id: string): Webhook | undefined
  all(): Iterable<Webhook>
  change(webhook: Webhook, change: WebhookChange): Webhook
  /** Registers a webhook, or changes the one with its URI; a secret that is given becomes its only one. */
  preset(input: WebhookChange & Pick<Webhook, 'uri' | 'subscribedEvents'>, secret?: string): Webhook
  delete(id: string): boolean
  /** Makes a new secret the active one and returns it. */
  rotate(webhook: Webhook, behavior: RevocationBehavior): string
  /** The endpoints of every enabled webhook subscribed to the type. */
  subscribers(type: string): EndpointRef[]
}

/** Keeps webhooks in `records`. `now` decides which secrets have expired. */
export function createRegistry(records: Records<Webhook>, now: () => number): WebhookRegistry {
  return {
    create: (input) =>
      records.put({ id: newResourceId(), state: 'enabled', ...input, secrets: [newSecret()] }),
    get: (id) => records.get(id),
    all: () => records.values(),
    change: (webhook, change) => records.put({ ...webhook, ...change }),
    preset(input, secret) {
      const known = [...records.values()].find(({ uri }) => uri === input.uri)
      const secrets = secret === undefined ? (known?.secrets ?? [newSecret()]) : [{ value: secret }]
      return records.put({ id: newResourceId(), state: 'enabled', ...known, ...input, secrets })
    },
    delete: (id) => records.delete(id),
    rotate(webhook, behavior) {
      const secrets = rotateSecrets(webhook.secrets, behavior, now())
      records.put({ ...webhook, secrets })
      return secrets[0].value
    },
    subscribers: (type) =>
      [...records.values()]
        .filter((webhook) => webhook.state === 'enabled' && webhook.subscribedEvents.includes(type))
        .map(endpointOf),
  }
}

/** Names a webhook as an endpoint, whatever its state: a ping asks for it by name. */
export function endpointOf({ id, uri }: Webhook): EndpointRef {
  return { scheme: 'static', registrationId: id, uri }
}
