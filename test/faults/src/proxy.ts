import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy in front of several receivers, as a load balancer is. */
export interface Proxy {
  port: number
  close(): void
}

/** Passes each connection on to the next receiver that accepts one, without reading it. */
export async function startProxy(ports: readonly number[]): Promise<Proxy> {
  let next = 0
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(open, client)
    next++
    passOn(
      client,
      ports.map((_, index) => ports[(next + index) % ports.length]!),
      open,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

function passOn(client: Socket, [port, ...others]: number[], open: Set<Socket>): void {
  if (port === undefined) {
    client.destroy()
    return
  }
  const backend = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  keep(open, backend)
  let connected = false
  backend.once('connect', () => {
    connected = true
    client.pipe(backend).pipe(client)
    client.once('close', () => backend.destroy())
  })
  backend.once('close', () => {
    if (connected) client.destroy()
    else passOn(client, others, open)
  })
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket)
  // The `close` that follows handles it.
  socket.on('error', () => {})
  socket.once('close', () => open.delete(socket))
}
