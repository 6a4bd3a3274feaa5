import type { Server } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { Receiver } from '@gwh/core'
import { type RunningServer, type ServeOptions, type ServerRuntime, serveOn } from '@gwh/core/adapter'
import { createNodeHandler } from './handler.ts'

export type { RunningServer, ServeOptions } from '@gwh/core/adapter'

/**
 * Serves a receiver with `node:http`.
 *
 * Resolves when the server listens.
 *
 * @throws WebhookConfigError `option_invalid`, for instance `work` without a queue
 * @throws The listen error of `node:http`, for instance `EADDRINUSE`
 * @example
 * ```ts
 * await serve(receiver, { port: 3000, path: '/webhooks/gemini', work: true })
 * ```
 */
export async function serve(receiver: Receiver, options?: ServeOptions): Promise<RunningServer> {
  return await serveOn(createRuntime(receiver), receiver, options)
}

// How often Node checks for connections whose headers are late; its default of 30 s would add to the limit.
const CHECK_MS = 1_000

function createRuntime(receiver: Receiver): ServerRuntime {
  return {
    async listen(port, hostname, mount) {
      // Loaded on demand, because it takes Node longer than everything else here, and functions that only need a handler
      // pay for it on every cold start.
      const { createServer } = await import('node:http')
      const net = await import('node:net')
      const server = createServer(
        { connectionsCheckingInterval: CHECK_MS },
        createNodeHandler(receiver, mount),
      )
      // Senders wait for a few seconds only; Node's default of a minute would let idle sockets pile up.
      server.headersTimeout = 10_000
      const address = await listen(server, port, hostname)
      const close = (cutOff: AbortSignal) => closeServer(server, net.Server.prototype.close, cutOff)
      return { port: address.port, hostname: address.address, close }
    },
    onSignal(name, listener) {
      process.once(name, listener)
      return () => process.off(name, listener)
    },
  }
}

function listen(server: Server, port: number, hostname: string | undefined): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

const IDLE_CHECK_MS = 100

/** @param stop The `close` of `net.Server` */
async function closeServer(server: Server, stop: NetServer['close'], cutOff: AbortSignal): Promise<void> {
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false
  })
  // A request that never finishes must not keep the process alive: Node checks no timeouts while it closes.
  cutOff.addEventListener('abort', () => server.closeAllConnections())
  // `http.Server.close` would close idle connections at once, including those on which a request has just arrived;
  // this only stops accepting. No event tells when a connection that is still answering becomes idle.
  const check = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
  await new Promise((resolve) => stop.call(server, resolve))
  clearInterval(check)
}
