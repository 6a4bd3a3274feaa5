import { WebhookError } from '@gwh/core/errors'
import { checkNames } from '@gwh/core/options'
import { callApi } from '../shared/api-failed.ts'
import type { WebhookClient, WebhookLike } from '../shared/client.ts'
import { invalid } from '../shared/options.ts'
import { toSigningSecret } from './signing-secret.ts'
import { toWebhookId } from './webhook-id.ts'

/** When a rotation took place, and when the secrets from before it end. */
export interface RotationTimes {
  /** When the rotation was requested, in epoch milliseconds. */
  startedAt: number
  /** When the new secret was received, in epoch milliseconds. */
  endedAt: number
  /** Until when deliveries may be signed with a secret from before, in epoch milliseconds. */
  previousUntil: number
}

/** Options of `rotateSecret`. */
export interface RotateSecretOptions {
  /** A `GoogleGenAI` client of `@google/genai` 2 or 3. */
  client: WebhookClient
  /** The webhook, or its id. */
  webhook: string | Pick<WebhookLike, 'id'>
  /** Stores the new secret, in front of those from before. Google shows it once, and signs with it from now on. */
  save: (secret: string, times: RotationTimes) => unknown
  /** Ends the secrets from before at once, for one that leaked, instead of after 24 hours. Default `false`. */
  revokeNow?: boolean
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

const GRACE_MS = 24 * 3_600_000

/** `save` failed: Google has a new secret, and it is not stored. */
export class SecretUnsavedError extends WebhookError {
  /** Calls `save` again with the same secret. */
  readonly resume: () => Promise<RotationTimes>

  constructor(resume: () => Promise<RotationTimes>, cause: unknown) {
    super('secret_unsaved', 'the new signing secret was not saved; call resume() to try again', { cause })
    // Not enumerable, like everything else about the secret.
    this.resume = resume
    Object.defineProperty(this, 'resume', { enumerable: false })
  }
}

/**
 * Rotates the signing secret of a webhook, and passes the new one to `save` before anything else.
 *
 * For 24 hours Google may sign with either. A receiver whose `static.secrets` is a function calls it when a delivery
 * matches none of its secrets, so nothing is restarted; see `liveSecrets`.
 *
 * @throws ApiFailedError `api_failed` if the API refuses, does not answer, or returns no secret. Without an answer nobody knows
 *   whether the secret was rotated; rotate again
 * @throws SecretUnsavedError `secret_unsaved` if `save` fails; its `resume` calls `save` again
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * await rotateSecret({
 *   client,
 *   webhook: id,
 *   save: async (secret, times) => {
 *     await vault.write(addSecret(await vault.read(), secret, times))
 *   },
 * })
 * ```
 */
export async function rotateSecret(options: RotateSecretOptions): Promise<RotationTimes> {
  checkNames(options, ['client', 'webhook', 'save', 'revokeNow', 'now'], 'rotateSecret()')
  const { client, webhook, save, revokeNow = false, now = Date.now } = options
  if (typeof save !== 'function') throw invalid('save must be a function')
  const behavior = revokeNow ? 'revoke_previous_secrets_immediately' : 'revoke_previous_secrets_after_h24'
  const startedAt = now()
  const id = toWebhookId(webhook)
  const secret = await callApi('the rotation of the signing secret', client, async () => {
    const parameters = { revocation_behavior: behavior } as const
    // The SDK would repeat a rotation whose answer was lost, and each makes another secret.
    const answer = await client.webhooks.rotateSigningSecret(id, parameters, { maxRetries: 0 })
    return toSigningSecret(answer?.secret)
  })
  const endedAt = now()
  const times = { startedAt, endedAt, previousUntil: endedAt + (revokeNow ? 0 : GRACE_MS) }
  const store = async (): Promise<RotationTimes> => {
    try {
      await save(secret, times)
      return times
    } catch (error) {
      throw new SecretUnsavedError(store, error)
    }
  }
  return await store()
}
