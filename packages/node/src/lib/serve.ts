import { createServer, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import type { Receiver } from '@gwh/core'
import { type RunningServer, type ServeOptions, type ServerRuntime, serveOn } from '@gwh/core/adapter'
import { createNodeHandler } from './handler.ts'

export type { RunningServer, ServeOptions } from '@gwh/core/adapter'

/**
 * Serves a receiver with `node:http`.
 *
 * @returns Once it listens
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

function createRuntime(receiver: Receiver): ServerRuntime {
  return {
    async listen(port, hostname, mount) {
      const server = createServer(createNodeHandler(receiver, mount))
      // The sender's own limit is a few seconds; Node's default of a minute would let idle sockets pile up.
      server.headersTimeout = 10_000
      const address = await listen(server, port, hostname)
      return { port: address.port, hostname: address.address, close: (cutOff) => close(server, cutOff) }
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

const SWEEP_MS = 100

async function close(server: Server, cutOff: AbortSignal): Promise<void> {
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false
  })
  // A request that is never finished must not keep the process: Node checks no timeouts once it closes.
  cutOff.addEventListener('abort', () => server.closeAllConnections())
  // `http.Server` would close idle connections at once, with requests on them that have just arrived; this only
  // stops accepting. A connection still answering becomes idle later, and nobody says when.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  await new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
  clearInterval(sweep)
}
