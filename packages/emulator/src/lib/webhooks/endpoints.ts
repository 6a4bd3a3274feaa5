import { signStatic } from '@gwh/core/sign'
import type { Endpoints } from '../delivery/delivery.ts'
import type { DeliverySettings } from '../shared/delivery-options.ts'
import { signDynamically } from '../signing/dynamic.ts'
import type { SigningKeys } from '../signing/keys.ts'
import { newSecret, signingSecrets } from '../signing/secrets.ts'
import type { WebhookRegistry } from './registry.ts'

/** What endpoints are found with. */
export interface EndpointSources {
  readonly webhooks: Pick<WebhookRegistry, 'get' | 'deliveryEnded'>
  readonly keys: SigningKeys
  readonly settings: Pick<DeliverySettings, 'signing' | 'jwt' | 'rotationSigning'>
  readonly now: () => number
}

/** Creates the lookup of endpoints: static ones sign with their webhook's secrets, dynamic ones with our keys. */
export function createEndpoints({ webhooks, keys, settings, now }: EndpointSources): Endpoints {
  const { signing, jwt, rotationSigning } = settings
  return {
    find(ref) {
      if (ref.scheme === 'dynamic') {
        const keyOf = { own: keys.signing, unknown: keys.unpublished }
        return {
          uri: ref.uri,
          sign: (message, key) => signDynamically(message, { signing, jwt, key: keyOf[key] }),
        }
      }
      const webhook = webhooks.get(ref.registrationId)
      if (webhook === undefined) return undefined
      const secrets = () => signingSecrets(webhook.secrets, now(), rotationSigning)
      return {
        uri: webhook.uri,
        sign: (message, key) =>
          signStatic({ ...message, secrets: key === 'own' ? secrets() : newSecret().value }),
      }
    },
    ended: (ref, end) => ref.scheme === 'static' && webhooks.deliveryEnded(ref.registrationId, end),
  }
}
