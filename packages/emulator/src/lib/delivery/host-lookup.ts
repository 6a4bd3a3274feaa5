/** Resolves a host name to its addresses as the operating system does; loads `node:dns` on first use. */
export async function lookUpHost(hostname: string): Promise<readonly string[]> {
  const { lookup } = await import('node:dns/promises')
  const found = await lookup(hostname, { all: true })
  return found.map(({ address }) => address)
}
