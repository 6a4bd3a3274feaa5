import { invalid } from './options.ts'

const LOOPBACK = /^(?:localhost|(?:[^.]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/**
 * Checks where webhooks are sent: `https:` URLs, or `http:` on this machine, for the emulator.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkUris(uris: unknown): string[] {
  if (!Array.isArray(uris) || uris.length === 0) throw invalid('uris must list at least one URL')
  return uris.map(checkUri)
}

/**
 * Checks one URL; see `checkUris`.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkUri(uri: unknown): string {
  if (typeof uri !== 'string' || !URL.canParse(uri))
    throw invalid(`a webhook URI must be a URL: ${String(uri)}`)
  const { protocol, hostname, username, password, hash } = new URL(uri)
  if (username !== '' || password !== '' || hash !== '') {
    throw invalid('a webhook URI must have no user, no password and no fragment')
  }
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return uri
  throw invalid(`a webhook URI must be https (http only on this machine): ${uri}`)
}
