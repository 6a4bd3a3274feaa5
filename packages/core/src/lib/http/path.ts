import { checkNames, invalid } from '../shared/options.ts'

/** Where a receiver is mounted. */
export interface MountOptions {
  /** The path to answer, without a query; other paths are answered with `path_not_found`. Default: every path. */
  path?: string
}

/**
 * Checks mount options. An unknown option or a path without a leading slash would mount the receiver on every path or
 * on none.
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

/** Returns the path of a URL or request target, without its query. */
export function pathOf(url: string): string {
  return url.replace(ORIGIN, '').split('?', 1)[0] || '/'
}
