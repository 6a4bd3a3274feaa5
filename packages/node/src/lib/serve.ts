import { createServer, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import type { Receiver, ReceiverWorkOptions } from '@gwh/core'
import type { QueueWorker } from '@gwh/core/queue'
import { createNodeHandler, type NodeHandlerOptions } from './handler.ts'

/** Where and how to serve. */
export interface ServeOptions extends NodeHandlerOptions {
  /** Default 3000; 0 takes any free port. */
  port?: number
  /** Default: every interface of the machine. */
  hostname?: string
  /** Queue mode: also handle what is queued, in this process. `true` takes the defaults. Default: no. */
  work?: boolean | ReceiverWorkOptions
  /** How long `close` waits for requests under way before it cuts them off, in milliseconds. Default 10 000. */
  closeTimeoutMs?: number
  /** Close on SIGTERM and SIGINT. Default `true`. */
  signals?: boolean
}

/** A listening receiver. */
export interface RunningServer {
  /** `http://host:port` plus the path, if one was given. */
  url: string
  port: number
  /** Stops accepting, answers what is under way, waits for running handlers. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Serves a receiver with `node:http`.
 *
 * @returns Once it listens
 * @throws WebhookConfigError `option_invalid`, for instance `work` without a queue
 * @throws The listen error of `node:http`, for instance `EADDRINUSE`
 */
export async function serve(receiver: Receiver, options: ServeOptions = {}): Promise<RunningServer> {
  const { port = 3000, hostname, path, work, closeTimeoutMs = 10_000, signals = true } = options
  const server = createServer(createNodeHandler(receiver, path === undefined ? {} : { path }))
  // The sender's own limit is a few seconds; Node's default of a minute would let idle sockets pile up.
  server.headersTimeout = 10_000
  // First, because it may refuse its options: nothing must be left listening then.
  const worker = work ? receiver.work(work === true ? {} : work) : undefined
  await listen(server, port, hostname).catch(async (error) => {
    await worker?.stop()
    throw error
  })
  let closing: Promise<void> | undefined
  const running: RunningServer = {
    url: toUrl(server.address() as AddressInfo, path),
    port: (server.address() as AddressInfo).port,
    close() {
      closing ??= close(server, worker, closeTimeoutMs).finally(unlisten)
      return closing
    },
  }
  const unlisten = signals ? closeOnSignals(running) : () => {}
  return running
}

const SWEEP_MS = 100

function listen(server: Server, port: number, hostname: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function close(server: Server, worker: QueueWorker | undefined, timeoutMs: number): Promise<void> {
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false
  })
  // `http.Server` would close idle connections at once, with requests on them that have just arrived; this only
  // stops accepting. A connection still answering becomes idle later, and nobody says when.
  const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  // A request that is never finished must not keep the process: Node checks no timeouts once it closes.
  const cutOff = setTimeout(() => server.closeAllConnections(), timeoutMs)
  await Promise.all([closed, worker?.stop()])
  clearInterval(sweep)
  clearTimeout(cutOff)
}

function closeOnSignals(running: RunningServer): () => void {
  const onSignal = () => {
    running.close()
  }
  process.once('SIGTERM', onSignal)
  process.once('SIGINT', onSignal)
  return () => {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
}

function toUrl({ address, family, port }: AddressInfo, path = ''): string {
  const everywhere = address === '::' || address === '0.0.0.0'
  const host = everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}${path}`
}
