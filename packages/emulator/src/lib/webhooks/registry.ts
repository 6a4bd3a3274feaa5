import type { DeliveryEnd, EndpointRef } from '../delivery/delivery.ts'
import { newResourceId } from '../shared/ids.ts'
import type { WebhookSnapshot } from '../shared/types.ts'
import {
  liveSecrets,
  newSecret,
  type RevocationBehavior,
  rotateSecrets,
  type SigningSecret,
} from '../signing/secrets.ts'
import type { Records } from '../storage/records.ts'

/** Whether a webhook gets deliveries; the last is the emulator's doing. */
export type WebhookState = 'enabled' | 'disabled' | 'disabled_due_to_failed_deliveries'

/** A registered webhook. */
export interface Webhook {
  readonly id: string
  readonly name?: string | undefined
  readonly uri: string
  readonly subscribedEvents: readonly string[]
  readonly state: WebhookState
  /** Newest first. */
  readonly secrets: readonly SigningSecret[]
  /** The secret that the options gave it; a rotation since then stands until they give another one. */
  readonly presetSecret?: string | undefined
  /** How many deliveries in a row were given up; absent for none. */
  readonly failures?: number | undefined
}

/** What a caller sets when creating a webhook, or changes with a patch. */
export type WebhookChange = Partial<Pick<Webhook, 'name' | 'uri' | 'subscribedEvents' | 'state'>>

/** The registered webhooks of the one project there is. */
export interface WebhookRegistry {
  create(input: WebhookChange & Pick<Webhook, 'uri' | 'subscribedEvents'>): Webhook
  get(id: string): Webhook | undefined
  all(): Iterable<Webhook>
  change(webhook: Webhook, change: WebhookChange): Webhook
  /**
   * Registers a webhook, or changes the one with the id, else the one with the URI. A secret that it does not have and
   * was not given before becomes its only one. At another URI it is enabled again if failures had switched it off.
   */
  preset(
    input: WebhookChange & Pick<Webhook, 'uri' | 'subscribedEvents'>,
    given?: { readonly id?: string | undefined; readonly secret?: string | undefined },
  ): Webhook
  delete(id: string): boolean
  /** Makes a new secret the active one and returns it. */
  rotate(webhook: Webhook, behavior: RevocationBehavior): string
  /** Takes note of how a delivery ended; returns whether the webhook was switched off for it. */
  deliveryEnded(id: string, end: DeliveryEnd): boolean
  /** The endpoints of every enabled webhook subscribed to the type. */
  subscribers(type: string): EndpointRef[]
}

/** What a registry works with. */
export interface RegistryOptions {
  readonly records: Records<Webhook>
  /** Decides which secrets have expired. */
  readonly now: () => number
  /** How many deliveries in a row must be given up to switch a webhook off; 0 for never. */
  readonly disableAfter: number
}

/** Keeps webhooks in `records`. */
export function createRegistry({ records, now, disableAfter }: RegistryOptions): WebhookRegistry {
  return {
    create: (input) =>
      records.put({ id: newResourceId(), state: 'enabled', ...input, secrets: [newSecret()] }),
    get: (id) => records.get(id),
    all: () => records.values(),
    change: (webhook, change) =>
      // Enabled again, it starts anew.
      records.put({ ...webhook, ...change, ...(change.state === 'enabled' && { failures: undefined }) }),
    preset(input, { id = '', secret } = {}) {
      const known = records.get(id) ?? [...records.values()].find(({ uri }) => uri === input.uri)
      const had = [known?.presetSecret, ...(known?.secrets.map(({ value }) => value) ?? [])]
      const isNew = secret !== undefined && !had.includes(secret)
      const secrets = isNew ? [{ value: secret }] : (known?.secrets ?? [newSecret()])
      const presetSecret = secret ?? known?.presetSecret
      const current = known && (known.uri === input.uri ? known : forgetFailures(known))
      return records.put({
        id: newResourceId(),
        state: 'enabled',
        ...current,
        ...input,
        secrets,
        presetSecret,
      })
    },
    delete: (id) => records.delete(id),
    rotate(webhook, behavior) {
      const secrets = rotateSecrets(webhook.secrets, behavior, now())
      records.put({ ...webhook, secrets })
      return secrets[0].value
    },
    deliveryEnded(id, end) {
      const webhook = records.get(id)
      if (webhook === undefined) return false
      const failures = end === 'acked' ? 0 : (webhook.failures ?? 0) + 1
      const isTooMuch = end === 'gone' || (disableAfter > 0 && failures >= disableAfter)
      const isSwitchedOff = isTooMuch && webhook.state === 'enabled'
      const state = isSwitchedOff ? 'disabled_due_to_failed_deliveries' : webhook.state
      const isChanged = isSwitchedOff || failures !== (webhook.failures ?? 0)
      if (isChanged) records.put({ ...webhook, state, failures: failures || undefined })
      return isSwitchedOff
    },
    subscribers: (type) =>
      [...records.values()]
        .filter((webhook) => webhook.state === 'enabled' && webhook.subscribedEvents.includes(type))
        .map(endpointOf),
  }
}

/** What failed at one URI says nothing about the next. A webhook that the user disabled stays disabled. */
function forgetFailures(webhook: Webhook): Webhook {
  const state = webhook.state === 'disabled' ? webhook.state : 'enabled'
  return { ...webhook, state, failures: undefined }
}

/** Names a webhook as an endpoint, whatever its state: a ping asks for it by name. */
export function endpointOf({ id, uri }: Webhook): EndpointRef {
  return { scheme: 'static', registrationId: id, uri }
}

/** Copies what is known of a webhook at the time `now`, with its whole secrets. */
export function toSnapshot({ id, name, uri, state, ...rest }: Webhook, now: number): WebhookSnapshot {
  const secrets = liveSecrets(rest.secrets, now).map(({ value }) => value)
  const { subscribedEvents } = rest
  return { id, ...(name !== undefined && { name }), uri, state, subscribedEvents, secrets }
}
