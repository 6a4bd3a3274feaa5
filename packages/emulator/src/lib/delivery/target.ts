import type { Settings } from '../shared/options.ts'
import { parseTarget } from '../shared/target-uri.ts'
import { type AddressKind, kindOf } from './address.ts'
import { lookUpHost } from './host-lookup.ts'
import { pinnedFetch } from './pinned-fetch.ts'

/** Sends one request; redirects are the caller's to refuse. */
export type Send = typeof globalThis.fetch

/** Which kinds of address deliveries may go to. */
const ALLOWED: Record<string, readonly AddressKind[]> = {
  false: ['loopback'],
  true: ['loopback', 'public'],
  private: ['loopback', 'public', 'private'],
}

/** What of the settings says where deliveries may go, and how. */
export type TargetSettings = Pick<Settings, 'allowRemote' | 'fetch' | 'lookup'>

/**
 * Finds out how to send to a URI, or `undefined` when no delivery may go there.
 *
 * A host name is looked up once: every address it has must be allowed, and the connection is made to the first, so
 * that a different second answer of the name server changes nothing. Rejects when the name does not exist.
 */
export async function findSend(uri: string, settings: TargetSettings): Promise<Send | undefined> {
  const fetch = settings.fetch ?? globalThis.fetch
  const host = parseTarget(uri)?.hostname
  if (host === undefined) return undefined
  const allowed = ALLOWED[String(settings.allowRemote)]!
  const isAllowed = (address: string) => allowed.includes(kindOf(address))
  // `URL` has normalised the host, so that `2130706433` is an address here too.
  const literal = host.replace(/^\[|\]$/g, '')
  if (host === 'localhost') return fetch
  if (/^[\d.]+$|:/.test(literal)) return isAllowed(literal) ? fetch : undefined
  if (!settings.allowRemote) return undefined
  const addresses = await (settings.lookup ?? lookUpHost)(host)
  if (addresses.length === 0 || !addresses.every(isAllowed)) return undefined
  return settings.fetch ?? pinnedFetch(addresses[0]!)
}
