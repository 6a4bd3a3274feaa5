import { checkMountOptions, type MountOptions } from '../http/path.ts'
import type { QueueWorker } from '../queue/queue.ts'
import type { Receiver, ReceiverWorkOptions } from '../receiver/receiver.ts'
import { systemClock } from '../shared/clock.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'

/** Where and how to serve. */
export interface ServeOptions extends MountOptions {
  /** Default 3000; 0 takes any free port. */
  port?: number
  /** Default: every interface of the machine. */
  hostname?: string
  /** Queue mode: also handle what is queued, in this process. `true` takes the defaults. Default: no. */
  work?: boolean | ReceiverWorkOptions
  /** How long `close` waits for requests under way before it cuts them off, in milliseconds. Default 10 000. */
  closeTimeoutMs?: number
  /** Close on SIGTERM and SIGINT; a second one takes its usual effect. Default `true`. */
  signals?: boolean
}

const NAMES = ['port', 'hostname', 'path', 'work', 'closeTimeoutMs', 'signals']

/** A listening receiver. */
export interface RunningServer {
  /** `http://host:port` plus the path, if one was given. */
  url: string
  port: number
  /**
   * Stops accepting, answers what is under way, waits for running handlers, then closes the receiver and with it its
   * queue or store. Safe to call twice.
   */
  close(): Promise<void>
}

/** A socket that listens, as a runtime makes it. */
export interface Listening {
  port: number
  /** The address it is bound to. */
  hostname: string
  /** Stops accepting; resolves when everything under way is answered, or cut off after `cutOff` is aborted. */
  close(cutOff: AbortSignal): Promise<unknown>
}

/** What `serve` needs from a runtime. */
export interface ServerRuntime {
  /** May throw or reject, for instance because the port is in use. */
  listen(port: number, hostname: string | undefined, mount: MountOptions): Listening | Promise<Listening>
  /** Makes a process signal call the listener instead of ending the process; the result undoes that. */
  onSignal(name: 'SIGTERM' | 'SIGINT', listener: () => void): () => void
}

/**
 * Serves a receiver on a runtime's own server: what `serve` of every adapter has in common.
 *
 * Resolves when the server listens.
 *
 * @throws WebhookConfigError `option_invalid`, for instance `work` without a queue; `store_volatile` when the
 * queue's backend would lose acknowledged deliveries
 * @throws The listen error of the runtime, for instance `EADDRINUSE`
 */
export async function serveOn(
  runtime: ServerRuntime,
  receiver: Receiver,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const { port, closeTimeoutMs, mount } = checkServeOptions(options)
  await receiver.ready()
  // First, because it may refuse its options, and nothing must be listening then.
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

/** `listen` may also throw: rejecting instead leaves one way to fail. */
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
    // By now everything is answered or cut off; an inline handler that still runs has had its time.
    await receiver.close({ timeoutMs: 0 })
  }
}

function closeOnSignals(runtime: ServerRuntime, close: () => Promise<void>): () => void {
  const onSignal = () => {
    unlisten()
    close()
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
