import type { AddressInfo } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { EmulatorError } from '../shared/errors.ts'

/** A running HTTP server. */
export interface RunningServer {
  /** Base URL without a trailing slash. */
  readonly url: string
  close(): Promise<void>
}

/** Serves a fetch handler over `node:http`, which is loaded here because nothing else needs it. */
export async function startServer(
  fetch: (request: Request, env: HttpBindings) => Promise<Response>,
  address: { port: number; hostname: string },
): Promise<RunningServer> {
  const [{ createServer }, { getRequestListener }] = await Promise.all([
    import('node:http'),
    import('@hono/node-server'),
  ])
  // Leaves the process's own Request and Response classes alone.
  const server = createServer(
    getRequestListener((request, env) => fetch(request, env as HttpBindings), {
      overrideGlobalObjects: false,
    }),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${address.hostname}:${address.port}`
      reject(new EmulatorError('listen_failed', `cannot listen on ${where}`, { cause }))
    })
    server.listen(address.port, address.hostname, resolve)
  })
  return {
    url: toUrl(address.hostname, (server.address() as AddressInfo).port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A wildcard address cannot be called, and the emulator answers only to loopback names. */
function toUrl(hostname: string, port: number): string {
  if (hostname === '0.0.0.0' || hostname === '::') return `http://127.0.0.1:${port}`
  return `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
}
