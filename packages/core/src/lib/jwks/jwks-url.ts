import { invalid } from '../shared/options.ts'

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether the host of a URL is a loopback host. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK_HOST.test(hostname)
}

/**
 * Parses the URL of a key set: `https:`, or `http:` on a loopback host.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function parseJwksUrl(value: string | URL): URL {
  const text = String(value)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return url
  throw invalid('jwks must be an https: URL (http: is for loopback hosts only)')
}

/** Formats a URL for messages, without credentials and query, which may be secret. */
export function toPublicUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
