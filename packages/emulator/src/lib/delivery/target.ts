import { parseTarget } from '../shared/target-uri.ts'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

// Link-local addresses, where clouds keep their metadata services, and AWS's IPv6 one.
const NEVER = /^(169\.254\.|\[fe[89ab]|\[fd00:ec2::254\]|\[::ffff:)/

/**
 * Tells whether a delivery may go to this URI.
 *
 * Judges the address as `URL` normalises it, so that `http://2130706433/` counts as 127.0.0.1.
 */
export function isAllowedTarget(uri: string, options: { allowRemote: boolean }): boolean {
  const host = parseTarget(uri)?.hostname
  if (host === undefined) return false
  return options.allowRemote ? !NEVER.test(host) : LOOPBACK.test(host)
}
