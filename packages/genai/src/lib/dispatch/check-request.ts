import { invalid } from '../shared/options.ts'
import { checkUris } from '../shared/webhook-uris.ts'

interface RequestLike {
  webhook_config?: unknown
  webhookConfig?: unknown
  background?: unknown
  stream?: unknown
  contents?: unknown
  input?: unknown
  config?: unknown
}

/**
 * Checks a request that carries a webhook configuration, and returns it unchanged: pass it on to the SDK's own call.
 *
 * Refuses what the API would refuse or ignore: a webhook on a synchronous call, an interaction without
 * `background: true`, a configuration in the wrong place or without a URI.
 *
 * @throws WebhookConfigError `option_invalid`
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 * @example
 * ```ts
 * const job = await client.interactions.create(
 *   checkRequest({ model, input, background: true, webhook_config: await createWebhookConfig({ uris, jobKey }) }),
 * )
 * ```
 */
export function checkRequest<T extends object>(request: T): T {
  const { webhook_config, webhookConfig, config, ...rest } = request as RequestLike
  const nested = Object(config) as RequestLike
  if (webhookConfig !== undefined) throw misplaced('webhookConfig', rest)
  if (nested.webhook_config !== undefined) throw invalid('config takes webhookConfig, not webhook_config')
  if (webhook_config !== undefined) checkInteraction(webhook_config, rest)
  if (nested.webhookConfig !== undefined) checkJob(nested.webhookConfig, rest)
  return request
}

function misplaced(name: string, { input }: RequestLike): Error {
  const place = input === undefined ? 'config.webhookConfig' : 'webhook_config'
  return invalid(`${name} has no effect here; pass it as ${place}`)
}

function checkInteraction(config: unknown, { background, stream, input }: RequestLike): void {
  if (input === undefined)
    throw invalid('webhook_config is for interactions; batches and videos take config.webhookConfig')
  if (background !== true) throw invalid('an interaction with a webhook_config needs background: true')
  if (stream === true) throw invalid('an interaction with a webhook_config cannot stream')
  checkConfig(config)
}

function checkJob(config: unknown, { contents, input }: RequestLike): void {
  if (input !== undefined) throw invalid('an interaction takes webhook_config, not config.webhookConfig')
  // Only generateContent and its like have contents at the top.
  if (contents !== undefined)
    throw invalid('a synchronous call sends no webhook; use a batch, an interaction or a video')
  checkConfig(config)
}

function checkConfig(config: unknown): void {
  checkUris((Object(config) as { uris?: unknown }).uris)
}
