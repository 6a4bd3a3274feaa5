import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** Finds a free port of the loopback interface, for a process that needs a fixed port. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
