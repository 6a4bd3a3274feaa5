import { signDynamic, signStatic } from '@gwh/core/sign'
import type { Endpoint } from '../delivery/delivery.ts'
import { newResourceId } from '../shared/ids.ts'
import type { SigningKeys } from '../signing/keys.ts'
import {
  liveSecrets,
  newSecret,
  type RevocationBehavior,
  rotateSecrets,
  type SigningSecret,
} from '../signing/secrets.ts'

/** Whether a webhook gets deliveries. */
export type WebhookState = 'enabled' | 'disabled'

/** A registered webhook. */
export interface Webhook {
  readonly id: string
  name?: string | undefined
  uri: string
  subscribedEvents: readonly string[]
  state: WebhookState
  /** Newest first. */
  secrets: readonly SigningSecret[]
}

/** What a caller sets when creating a webhook, or changes with a patch. */
export type WebhookChange = Partial<Pick<Webhook, 'name' | 'uri' | 'subscribedEvents' | 'state'>>

/** The registered webhooks of the one project there is. */
export interface WebhookRegistry {
  create(input: WebhookChange & Pick<Webhook, 'uri' | 'subscribedEvents'>): Webhook
  get(id: string): Webhook | undefined
  all(): Iterable<Webhook>
  delete(id: string): boolean
  /** Makes a new secret the active one and returns it. */
  rotate(webhook: Webhook, behavior: RevocationBehavior): string
  /** The endpoint of a webhook, whatever its state: a ping asks for it by name. */
  endpoint(webhook: Webhook): Endpoint
  /** The endpoints of every enabled webhook subscribed to the type. */
  subscribers(type: string): Endpoint[]
}

/** Creates an empty registry. `now` decides which secrets have expired. */
export function createRegistry(now: () => number): WebhookRegistry {
  const webhooks = new Map<string, Webhook>()

  const endpoint = (webhook: Webhook): Endpoint => ({
    scheme: 'static',
    registrationId: webhook.id,
    uri: () => webhook.uri,
    sign: (message) =>
      signStatic({ ...message, secrets: liveSecrets(webhook.secrets, now()).map((secret) => secret.value) }),
  })

  return {
    endpoint,
    create(input) {
      const webhook: Webhook = { id: newResourceId(), state: 'enabled', ...input, secrets: [newSecret()] }
      webhooks.set(webhook.id, webhook)
      return webhook
    },
    get: (id) => webhooks.get(id),
    all: () => webhooks.values(),
    delete: (id) => webhooks.delete(id),
    rotate(webhook, behavior) {
      const rotated = rotateSecrets(webhook.secrets, behavior, now())
      webhook.secrets = rotated
      return rotated[0].value
    },
    subscribers: (type) =>
      [...webhooks.values()]
        .filter((webhook) => webhook.state === 'enabled' && webhook.subscribedEvents.includes(type))
        .map(endpoint),
  }
}

/** The endpoint of a job's own URI, signed with the emulator's keys. */
export function dynamicEndpoint(uri: string, keys: SigningKeys): Endpoint {
  return {
    scheme: 'dynamic',
    uri: () => uri,
    sign: async (message) => signDynamic({ ...message, privateKey: await keys.signing() }),
  }
}
