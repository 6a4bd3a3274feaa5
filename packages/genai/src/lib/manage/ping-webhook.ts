import { EVENT_TYPES, type Receiver, type WebhookEvent } from '@gwh/core'
import { WebhookError } from '@gwh/core/errors'
import { checkNames, wholeNumber } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import { callApi } from '../shared/api-failed.ts'
import type { WebhookClient, WebhookLike } from '../shared/client.ts'
import { toWebhookId } from './webhook-id.ts'

/** Options of `pingWebhook`. */
export interface PingWebhookOptions {
  /** A `GoogleGenAI` client of `@google/genai` 2 or 3. */
  client: WebhookClient
  /** The webhook, or its id. */
  webhook: string | Pick<WebhookLike, 'id'>
  /** The receiver in this process that the ping must reach. With a queue it needs a worker in this process too. */
  receiver: Pick<Receiver, 'use'>
  /** How long to wait for the ping, in milliseconds. Default 30,000. */
  timeoutMs?: number
  /** The clock of the timeout. Default: the system clock. */
  clock?: Clock
}

/**
 * Pings a webhook and waits until the ping has arrived at the receiver, verified. Google answers a ping before it sends
 * anything, also if the endpoint cannot be reached.
 *
 * @returns The event that arrived. Google does not say what a ping contains, so any event of an undocumented type counts
 * @throws WebhookError `wait_timeout`
 * @throws ApiFailedError `api_failed`
 * @throws WebhookConfigError `option_invalid`
 * @see https://ai.google.dev/api/webhooks
 */
export async function pingWebhook(options: PingWebhookOptions): Promise<WebhookEvent> {
  checkNames(options, ['client', 'webhook', 'receiver', 'timeoutMs', 'clock'], 'pingWebhook()')
  const { client, webhook, receiver, clock = systemClock } = options
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, 30_000)
  const id = toWebhookId(webhook)
  const { promise: arrived, resolve, reject } = Promise.withResolvers<WebhookEvent>()
  const remove = receiver.use(async (event, _, next) => {
    if (!(EVENT_TYPES as readonly string[]).includes(event.type)) resolve(event)
    await next()
  })
  const giveUp = () => reject(new WebhookError('wait_timeout', `no ping arrived within ${timeoutMs} ms`))
  const cancel = clock.schedule(giveUp, timeoutMs)
  try {
    const [event] = await Promise.all([arrived, callApi('the ping', client, () => client.webhooks.ping(id))])
    return event
  } finally {
    cancel()
    remove()
  }
}
