/** The kind of network an IP address belongs to, as far as it decides whether a delivery may go there. */
export type AddressKind =
  /** This machine. */
  | 'loopback'
  /** A private network: a LAN, containers, a VPN. */
  | 'private'
  | 'public'
  /** Never a receiver: link-local, cloud metadata, multicast, or no address at all. */
  | 'forbidden'

type Range = readonly [cidr: string, kind: AddressKind]

// https://www.iana.org/assignments/iana-ipv4-special-registry, and where clouds serve metadata outside of it.
const IPV4_RANGES: readonly Range[] = [
  ['0.0.0.0/8', 'forbidden'],
  ['10.0.0.0/8', 'private'],
  ['100.100.0.0/16', 'forbidden'], // Alibaba Cloud's metadata and internal services
  ['100.64.0.0/10', 'private'],
  ['127.0.0.0/8', 'loopback'],
  ['168.63.129.16/32', 'forbidden'], // Azure's host
  ['169.254.0.0/16', 'forbidden'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'forbidden'], // includes Oracle Cloud's metadata
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'private'],
  ['224.0.0.0/3', 'forbidden'],
]

// https://www.iana.org/assignments/iana-ipv6-special-registry
const IPV6_RANGES: readonly Range[] = [
  ['::1/128', 'loopback'],
  ['::/96', 'forbidden'],
  ['64:ff9b:1::/48', 'forbidden'],
  ['2001::/32', 'forbidden'],
  ['fd00:ec2::/32', 'forbidden'], // AWS's metadata
  ['fd20:ce::/32', 'forbidden'], // Google Cloud's metadata
  ['fc00::/7', 'private'],
  ['fe80::/9', 'forbidden'], // link-local, and the deprecated site-local
  ['ff00::/8', 'forbidden'],
]

/** Classifies an address; what cannot be read as an address is forbidden. */
export function kindOf(address: string): AddressKind {
  const bytes = parseAddress(address)
  if (bytes === undefined) return 'forbidden'
  if (bytes.length === 4) return lookUp(bytes, IPV4_RANGES)
  if (isIn(bytes, '::ffff:0:0/96')) return lookUp(bytes.slice(12), IPV4_RANGES)
  // Through a translator, only a public embedded address can be trusted.
  if (isIn(bytes, '64:ff9b::/96')) return translated(bytes.slice(12))
  if (isIn(bytes, '::ffff:0:0:0/96')) return translated(bytes.slice(12)) // SIIT, RFC 2765
  if (isIn(bytes, '2002::/16')) return translated(bytes.slice(2, 6))
  return lookUp(bytes, IPV6_RANGES)
}

function translated(ipv4: readonly number[]): AddressKind {
  return lookUp(ipv4, IPV4_RANGES) === 'public' ? 'public' : 'forbidden'
}

function lookUp(bytes: readonly number[], ranges: readonly Range[]): AddressKind {
  return ranges.find(([cidr]) => isIn(bytes, cidr))?.[1] ?? 'public'
}

function isIn(bytes: readonly number[], cidr: string): boolean {
  const [start, length] = cidr.split('/')
  const prefix = toBits(parseAddress(start!)!).slice(0, Number(length))
  return toBits(bytes).startsWith(prefix)
}

const toBits = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')

/** The 4 or 16 bytes of an address without a zone. */
function parseAddress(address: string): number[] | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) {
    const bytes = address.split('.').map(Number)
    return bytes.every((byte) => byte <= 255) ? bytes : undefined
  }
  // URL knows every spelling of an IPv6 address, and writes it without embedded IPv4.
  const canonical = address.includes(':')
    ? URL.parse(`http://[${address}]`)?.hostname.slice(1, -1)
    : undefined
  if (canonical === undefined) return undefined
  const [head = [], tail] = canonical.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...(tail ?? [])].map((text) =>
    Number.parseInt(text, 16),
  )
  return groups.flatMap((group) => [group >> 8, group & 255])
}
