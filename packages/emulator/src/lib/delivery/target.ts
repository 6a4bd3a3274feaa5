import type { Settings } from '../shared/options.ts'
import { parseTarget } from '../shared/target-uri.ts'
import { type AddressKind, kindOf } from './address.ts'
import { lookUpHost } from './host-lookup.ts'
import { nodeSend, type Send, type WireFault } from './node-send.ts'

/** Which kinds of address deliveries may go to. */
const ALLOWED: Record<string, readonly AddressKind[]> = {
  false: ['loopback'],
  true: ['loopback', 'public'],
  private: ['loopback', 'public', 'private'],
}

/** What of the settings says where deliveries may go, and how. */
export type TargetSettings = Pick<Settings, 'allowRemote' | 'fetch' | 'lookup'>

/**
 * Finds out how to send to a URI, or `undefined` when no delivery may go there. Only {@link nodeSend} can do `wire`.
 *
 * A host name is looked up once: every address it has must be allowed, and the connection is made to the first, so
 * that a different second answer of the name server changes nothing. Rejects when the name does not exist.
 */
export async function findSend(
  uri: string,
  settings: TargetSettings,
  wire?: WireFault,
): Promise<Send | undefined> {
  const target = await findAddress(uri, settings)
  if (target === undefined) return undefined
  return wire === undefined && settings.fetch ? settings.fetch : nodeSend({ ...target, wire })
}

/** Where to connect to: a fixed address after a look-up, or what the URI itself says. */
async function findAddress(uri: string, settings: TargetSettings): Promise<{ address?: string } | undefined> {
  const host = parseTarget(uri)?.hostname
  if (host === undefined) return undefined
  const allowed = ALLOWED[String(settings.allowRemote)]!
  const isAllowed = (address: string) => allowed.includes(kindOf(address))
  // `URL` has normalised the host, so that `2130706433` is an address here too.
  const literal = host.replace(/^\[|\]$/g, '')
  if (host === 'localhost') return {}
  if (/^[\d.]+$|:/.test(literal)) return isAllowed(literal) ? {} : undefined
  if (!settings.allowRemote) return undefined
  const addresses = await (settings.lookup ?? lookUpHost)(host)
  if (addresses.length === 0 || !addresses.every(isAllowed)) return undefined
  return { address: addresses[0]! }
}
