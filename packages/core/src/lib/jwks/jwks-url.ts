import { invalid } from '../shared/options.ts'

// Names under `localhost` are loopback too (RFC 6761), and a connection to the unspecified address reaches this machine.
const LOOPBACK_NAME = /^(?:[^.]+\.)*localhost\.?$/
const LOOPBACK_IPV4 = /^(?:127|0)(?:\.\d{1,3}){3}$/
const LOOPBACK_IPV6 = /^\[::1?\]$/
// An IPv4 address in an IPv6 one: compatible, mapped (`::ffff:`) or translated (`::ffff:0:`).
const EMBEDDED_IPV4 = /^\[::(?:ffff:(?:0:)?)?(?:7f[0-9a-f]{2}|[0-9a-f]{1,2}):[0-9a-f]{1,4}\]$/
const LOOPBACK_HOSTS = [LOOPBACK_NAME, LOOPBACK_IPV4, LOOPBACK_IPV6, EMBEDDED_IPV4]

/** Whether the host of a URL is this machine, in any spelling. `URL` has made each IP address canonical. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK_HOSTS.some((host) => host.test(hostname))
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
