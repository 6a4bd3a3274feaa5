import type { Receiver } from '@gwh/core'
import {
  type Listening,
  type RunningServer,
  responseFor,
  type ServeOptions,
  type ServerRuntime,
  serveOn,
} from '@gwh/core/adapter'
import { createDenoHandler, type DenoHandler } from './handler.ts'

export type { RunningServer, ServeOptions } from '@gwh/core/adapter'

/**
 * Serves a receiver with `Deno.serve`. Needs `--allow-net`.
 *
 * Resolves when the server listens.
 *
 * @throws WebhookConfigError `option_invalid`, for instance `work` without a queue
 * @throws The listen error of Deno, for instance `Deno.errors.AddrInUse`
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
    listen: (port, hostname, mount) => listen(receiver, createDenoHandler(receiver, mount), port, hostname),
    onSignal(name, listener) {
      Deno.addSignalListener(name, listener)
      return () => Deno.removeSignalListener(name, listener)
    },
  }
}

const FLUSH_MS = 200

/** Gives complete answers time to be sent, because Deno does not report when they are. */
function flush(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, FLUSH_MS))
}

// How long requests that are under way may still take when the runtime has stopped accepting connections.
const LISTEN_AGAIN_MS = 500

function listen(
  { warn }: Pick<Receiver, 'warn'>,
  handle: DenoHandler,
  port: number,
  hostname = '0.0.0.0',
): Listening {
  const underWay = new Set<Promise<unknown>>()
  let closing = false
  const serveRequest: Deno.ServeHandler<Deno.NetAddr> = async (request, info) => {
    if (closing) return responseFor('draining')
    // Settles when the answer is passed on for sending, or the sender is gone.
    const sent = info.completed.catch(() => {}).finally(() => underWay.delete(sent))
    underWay.add(sent)
    return await handle(request, info)
  }
  const start = (onPort: number) => {
    const stop = new AbortController()
    const options = { port: onPort, hostname, signal: stop.signal, onListen() {} }
    return { stop, server: Deno.serve(options, serveRequest) }
  }
  // Deno stops accepting permanently when the process runs out of file descriptors, which anyone can cause by opening
  // connections: Deno has no limit for idle ones. Unhandled, that would end the process.
  const keepListening = () =>
    running.server.finished.catch((error: unknown) => {
      if (!closing) warn(stopped(error))
      setTimeout(() => {
        // Closes every connection, and with them those that used up the descriptors.
        running.stop.abort()
        listenAgain()
      }, LISTEN_AGAIN_MS)
    })
  const listenAgain = () => {
    if (closing) return
    try {
      running = start(address.port)
      keepListening()
    } catch {
      setTimeout(listenAgain, LISTEN_AGAIN_MS)
    }
  }
  let running = start(port)
  const address = running.server.addr
  keepListening()
  return {
    port: address.port,
    hostname: address.hostname,
    // `server.shutdown` waits for senders that never finish their bodies, and cannot be cut short.
    async close(cutOff) {
      closing = true
      const late = new Promise((resolve) => cutOff.addEventListener('abort', resolve))
      await Promise.race([Promise.all(underWay).then(flush), late])
      running.stop.abort()
      await running.server.finished.catch(() => {})
    },
  }
}

function stopped(error: unknown) {
  const reason = error instanceof Error ? error.message : String(error)
  const message =
    `the server stopped accepting connections (${reason}): all connections are closed, and it listens again; ` +
    'put a proxy with time limits for connections in front of it'
  return { code: 'server_restarted', message, error }
}
