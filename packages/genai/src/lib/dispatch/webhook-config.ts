import { createJobToken, JOB_TOKEN_FIELD, type JobKeySource } from '@gwh/core/job-token'
import { checkNames } from '@gwh/core/options'
import { checkUris } from '../shared/webhook-uris.ts'
import { checkSize, copyMetadata } from './metadata.ts'

/** Options of `createWebhookConfig`. */
export interface WebhookConfigOptions {
  /** Where the events of the job are sent: `https:` URLs, or `http:` on this machine. */
  uris: readonly string[]
  /** Comes back with each event as `event.userMetadata`. JSON, at most 8 KiB with the job token. Default: none. */
  userMetadata?: Readonly<Record<string, unknown>>
  /** The key of the job token, at least 32 characters, or a function that returns it. The receiver has the same. */
  jobKey: JobKeySource
  /** The receiver's endpoint name. Default `default`. */
  endpoint?: string
  /** How long the receiver accepts events of the job, in seconds. Default 345,600 (96 hours). */
  lifetimeSeconds?: number
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** What to pass with a job: as `config.webhookConfig` of a batch or video, as `webhook_config` of an interaction. */
export interface WebhookConfig {
  /** Where the events of the job are sent. */
  uris: string[]
  /** The metadata of the job, with the job token. */
  user_metadata: Record<string, unknown>
  /** The same object. Not enumerable, so that it is sent once. */
  readonly userMetadata: Record<string, unknown>
}

const NAMES = ['uris', 'userMetadata', 'jobKey', 'endpoint', 'lifetimeSeconds', 'now']

/**
 * Creates the webhook configuration of one job. Its metadata has a job token, by which the receiver recognizes the job as
 * yours; create a new configuration for each job.
 *
 * @throws WebhookConfigError `option_invalid`, before anything is sent
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 * @example
 * ```ts
 * const job = await client.batches.create({
 *   model,
 *   src,
 *   config: { webhookConfig: await createWebhookConfig({ uris, userMetadata, jobKey }) },
 * })
 * ```
 */
export async function createWebhookConfig(options: WebhookConfigOptions): Promise<WebhookConfig> {
  checkNames(options, NAMES, 'createWebhookConfig()')
  const { uris, userMetadata = {}, ...tokenOptions } = options
  const checkedUris = checkUris(uris)
  const metadata = copyMetadata(userMetadata)
  const token = await createJobToken(tokenOptions)
  const user_metadata = { ...metadata, [JOB_TOKEN_FIELD]: token }
  checkSize(user_metadata)
  const config = { uris: checkedUris, user_metadata, userMetadata: user_metadata }
  return Object.defineProperty(config, 'userMetadata', { enumerable: false })
}
