import { checkNames, invalid } from '../shared/options.ts'

/** How a receiver is mounted. */
export interface MountOptions {
  /** The only path answered, without a query; `path_not_found` elsewhere. Default: every path. */
  path?: string
}

/**
 * Refuses options that would mount a receiver nowhere, or silently everywhere.
 *
 * @param where The caller's name, for the message of an error
 * @throws WebhookConfigError `option_invalid`
 */
export function checkMountOptions(options: MountOptions, where: string): void {
  checkNames(options, ['path'], where)
  if (options.path !== undefined && !options.path.startsWith('/')) throw invalid('path must start with "/"')
}

// Servers must accept the absolute form, too (RFC 9112, 3.2.2).
const ORIGIN = /^https?:\/\/[^/?#]+/i

/** The path of a URL or of a request target, without its query. Anything else is returned unchanged. */
export function pathOf(url: string): string {
  return url.replace(ORIGIN, '').split('?', 1)[0] || '/'
}
