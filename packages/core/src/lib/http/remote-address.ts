/**
 * Returns the part of an address that identifies one sender: a whole IPv4 address, or the first 64 bits of an IPv6
 * address, because one sender usually has all addresses below them. Other texts are returned unchanged.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6177
 */
export function toAddressGroup(address: string): string {
  if (!address.includes(':')) return address
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  if (mapped !== undefined) return mapped
  return bare.includes(':') ? toPrefix(bare.toLowerCase()) : bare
}

function toPrefix(address: string): string {
  const [head = '', tail] = address.split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...after]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
