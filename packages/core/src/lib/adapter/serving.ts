import { checkMountOptions, type MountOptions } from '../http/path.ts'
import type { QueueWorker } from '../queue/queue.ts'
import type { Receiver, ReceiverWorkOptions } from '../receiver/receiver.ts'
import { systemClock } from '../shared/clock.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'

/** Options of `serve`. */
export interface ServeOptions extends MountOptions {
  /** The port; 0 for any free port. Default 3000. */
  port?: number
  /** The host name or address to listen on. Default: all interfaces. */
  hostname?: string
  /** Queue mode: also handle queued deliveries in this process. `true` uses the default options. Default: no. */
  work?: boolean | ReceiverWorkOptions
  /** How long `close` waits for open requests before it closes their connections, in milliseconds. Default 10,000. */
  closeTimeoutMs?: number
  /** Whether to close on SIGTERM and SIGINT; a second signal has its usual effect. Default `true`. */
  signals?: boolean
}

const NAMES = ['port', 'hostname', 'path', 'work', 'closeTimeoutMs', 'signals']

/** A listening receiver. */
export interface RunningServer {
  /** `http://host:port`, followed by the path if one was given. */
  url: string
  /** The port it listens on. */
  port: number
  /**
   * Stops accepting connections, answers open requests, waits for running handlers, then closes the receiver and its
   * queue or store. Safe to call twice.
   */
  close(): Promise<void>
}

/** A listening server of a runtime. */
export interface Listening {
  /** The port it listens on. */
  port: number
  /** The address it is bound to. */
  hostname: string
  /** Stops accepting connections. Resolves when all requests are answered, or closed after `cutOff` is aborted. */
  close(cutOff: AbortSignal): Promise<unknown>
}

/** The functions of a runtime that `serveOn` needs. */
export interface ServerRuntime {
  /** Starts listening. May throw or reject, for instance if the port is in use. */
  listen(port: number, hostname: string | undefined, mount: MountOptions): Listening | Promise<Listening>
  /** Calls the listener on a process signal instead of ending the process. Returns a function that undoes this. */
  onSignal(name: 'SIGTERM' | 'SIGINT', listener: () => void): () => void
}

/**
 * Serves a receiver on the server of a runtime: the common part of every adapter's `serve`.
 *
 * @returns The server, when it listens
 * @throws WebhookConfigError `option_invalid`, for instance for `work` without a queue; `store_volatile` if the queue's
 *   backend may lose acknowledged deliveries
 * @throws The listen error of the runtime, for instance `EADDRINUSE`
 */
export async function serveOn(
  runtime: ServerRuntime,
  receiver: Receiver,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const { port, closeTimeoutMs, mount } = checkServeOptions(options)
  await receiver.ready()
  // Before listening, because it may refuse its options.
  const worker = startWork(receiver, options.work)
  const socket = await listen(runtime, port, options.hostname, mount).catch(async (error: unknown) => {
    await worker?.stop()
    throw error
  })
  let closing: Promise<void> | undefined
  let unlisten = () => {}
  const close = () => {
    closing ??= closeAll(socket, receiver, worker, closeTimeoutMs).finally(unlisten)
    return closing
  }
  if (options.signals ?? true) unlisten = closeOnSignals(runtime, close)
  return { url: toUrl(socket, mount.path), port: socket.port, close }
}

function checkServeOptions(options: ServeOptions) {
  checkNames(options, NAMES, 'serve()')
  const mount: MountOptions = options.path === undefined ? {} : { path: options.path }
  checkMountOptions(mount, 'serve()')
  return {
    mount,
    port: wholeNumber('port', options.port, 3000, 0),
    closeTimeoutMs: wholeNumber('closeTimeoutMs', options.closeTimeoutMs, 10_000, 0),
  }
}

function startWork(receiver: Receiver, work: ServeOptions['work']): QueueWorker | undefined {
  return work ? receiver.work(work === true ? {} : work) : undefined
}

/** Turns an exception of `listen` into a rejection. */
async function listen(runtime: ServerRuntime, ...where: Parameters<ServerRuntime['listen']>) {
  return await runtime.listen(...where)
}

async function closeAll(
  socket: Listening,
  receiver: Receiver,
  worker: QueueWorker | undefined,
  timeoutMs: number,
) {
  const cutOff = new AbortController()
  const cancel = systemClock.schedule(() => cutOff.abort(), timeoutMs)
  try {
    await Promise.all([socket.close(cutOff.signal), worker?.stop()])
  } finally {
    cancel()
    // All requests are answered or closed by now, so running inline handlers get no more time.
    await receiver.close({ timeoutMs: 0 })
  }
}

function closeOnSignals(runtime: ServerRuntime, close: () => Promise<void>): () => void {
  const onSignal = () => {
    unlisten()
    // The receiver has reported it, and an unhandled rejection would end the process before everything is closed.
    close().catch(() => {})
  }
  const forget = [runtime.onSignal('SIGTERM', onSignal), runtime.onSignal('SIGINT', onSignal)]
  const unlisten = () => {
    for (const one of forget.splice(0)) one()
  }
  return unlisten
}

function toUrl({ hostname, port }: Listening, path = ''): string {
  const everywhere = hostname === '::' || hostname === '0.0.0.0'
  const host = everywhere ? 'localhost' : hostname.includes(':') ? `[${hostname}]` : hostname
  return `http://${host}:${port}${path}`
}
