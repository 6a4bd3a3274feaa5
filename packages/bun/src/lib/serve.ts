import type { Receiver } from '@gwh/core'
import { type RunningServer, type ServeOptions, type ServerRuntime, serveOn } from '@gwh/core/adapter'
import { createBunHandler, IDLE_SECONDS } from './handler.ts'

export type { RunningServer, ServeOptions } from '@gwh/core/adapter'

/**
 * Serves a receiver with `Bun.serve`.
 *
 * Resolves when the server listens.
 *
 * @throws WebhookConfigError `option_invalid`, for instance `work` without a queue
 * @throws The listen error of Bun, for instance `EADDRINUSE`
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
    listen(port, hostname = '0.0.0.0', mount) {
      const handle = createBunHandler(receiver, mount)
      const server = Bun.serve({ port, hostname, idleTimeout: IDLE_SECONDS, fetch: handle })
      return {
        port: server.port ?? port,
        hostname,
        async close(cutOff) {
          cutOff.addEventListener('abort', () => server.stop(true))
          await server.stop()
        },
      }
    },
    onSignal(name, listener) {
      process.once(name, listener)
      return () => process.off(name, listener)
    },
  }
}
