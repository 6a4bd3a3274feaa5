import type { EventHandler, SecretTexts } from '@gwh/core'
import { toCause, WebhookError } from '@gwh/core/errors'
import { checkNames, wholeNumber } from '@gwh/core/options'
import { signStatic } from '@gwh/core/sign'
import { invalid } from '../shared/options.ts'

/** Options of `forwardToUrl`. */
export interface ForwardToUrlOptions {
  /**
   * Where events are sent: an `https:` URL, or `http:`, because the URL is yours, not the sender's. Without a user and a
   * password: the signature tells the service who sends.
   */
  url: string | URL
  /** The signing secret that you share with the receiver there. Never one that Google signs with. */
  secret: SecretTexts
  /** How long to wait for the answer, in milliseconds. Default 10 000, at most 2,147,483,647. */
  timeoutMs?: number
  /** Sends the request. Default: the global `fetch`. */
  fetch?: typeof fetch
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

// A longer timer ends at once in Node.
const MOST_TIMER_MS = 2 ** 31 - 1

/**
 * Creates a handler that sends an event on to another service, signed like a static webhook. A receiver there takes it
 * with `static: { secrets: secret }`, and repeated attempts are duplicates to it.
 *
 * The job token is removed. Anything but a 2xx fails the delivery, so that it is tried again; redirects are not followed.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * receiver.on({ metadata: { job_group: 'nightly' } }, forwardToUrl({ url: env.NIGHTLY_URL, secret: env.NIGHTLY_SECRET }))
 * ```
 */
export function forwardToUrl(options: ForwardToUrlOptions): EventHandler {
  checkNames(options, ['url', 'secret', 'timeoutMs', 'fetch', 'now'], 'forwardToUrl()')
  const { secret, now = Date.now } = options
  if (secret === undefined || secret.length === 0) throw invalid('secret must be a signing secret')
  const url = checkTarget(options.url)
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, 10_000)
  if (timeoutMs > MOST_TIMER_MS) throw invalid(`timeoutMs must be at most ${MOST_TIMER_MS}`)
  return async (event, { key: id, signal }) => {
    const body = new TextEncoder().encode(JSON.stringify(event.raw))
    const timestamp = Math.floor(now() / 1000)
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': await signStatic({ id, timestamp, body, secrets: secret }),
    }
    const request: RequestInit = { method: 'POST', headers, body, redirect: 'manual' }
    const limited = { ...request, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }
    await send(options.fetch ?? fetch, url, limited)
  }
}

/** Refuses what `fetch` would refuse with each event, or answer without sending anything. */
function checkTarget(value: string | URL): string {
  if (!URL.canParse(String(value))) throw invalid('url must be a URL')
  const { protocol, username, password, href } = new URL(value)
  if (protocol !== 'https:' && protocol !== 'http:')
    throw invalid(`url must be https or http, not ${protocol}`)
  if (username !== '' || password !== '') throw invalid('url must have no user and no password')
  return href
}

async function send(request: typeof fetch, url: string, init: RequestInit): Promise<void> {
  const response = await request(url, init).catch((error: unknown) => {
    throw failed('could not be reached', error)
  })
  await response.body?.cancel()
  if (!response.ok) throw failed(`answered ${response.status}`)
}

function failed(why: string, error?: unknown): WebhookError {
  const options = error === undefined ? {} : { cause: toCause(error) }
  return new WebhookError('forward_failed', `the service to forward to ${why}`, options)
}
