import { signDynamic, signStatic } from '@gwh/core/sign'
import type { FindEndpoint } from '../delivery/delivery.ts'
import type { SigningKeys } from '../signing/keys.ts'
import { liveSecrets } from '../signing/secrets.ts'
import type { WebhookRegistry } from './registry.ts'

/** What endpoints are found with. */
export interface EndpointSources {
  readonly webhooks: Pick<WebhookRegistry, 'get'>
  readonly keys: SigningKeys
  readonly now: () => number
}

/** Creates the lookup of endpoints: static ones sign with their webhook's live secrets, dynamic ones with our keys. */
export function createEndpoints({ webhooks, keys, now }: EndpointSources): FindEndpoint {
  return (ref) => {
    if (ref.scheme === 'dynamic') {
      return {
        uri: ref.uri,
        sign: async (message) => signDynamic({ ...message, privateKey: await keys.signing() }),
      }
    }
    const webhook = webhooks.get(ref.registrationId)
    if (webhook === undefined) return undefined
    const secrets = () => liveSecrets(webhook.secrets, now()).map(({ value }) => value)
    return { uri: webhook.uri, sign: (message) => signStatic({ ...message, secrets: secrets() }) }
  }
}
