import type { Receiver } from '@gwh/core'
import { createFetchHandler, type MountOptions } from '@gwh/core/adapter'

/** How a receiver is mounted. */
export interface DenoHandlerOptions extends MountOptions {
  /** The only path answered; others are refused. Default: every path. */
  path?: string
}

/** The part of Deno's request information this package uses. */
export interface DenoInfoLike {
  /** The other end of the connection; without `hostname` on a Unix socket. */
  remoteAddr: object
}

/** Answers a request of `Deno.serve` or `deno serve`. Never rejects. */
export type DenoHandler = (request: Request, info?: DenoInfoLike) => Promise<Response>

/**
 * Mounts a receiver on `Deno.serve`, or on `deno serve` as the `fetch` of the module's default export.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * export default { fetch: createDenoHandler(receiver, { path: '/webhooks/gemini' }) }
 * ```
 */
export function createDenoHandler(receiver: Receiver, options: DenoHandlerOptions = {}): DenoHandler {
  const handle = createFetchHandler(receiver, options, 'createDenoHandler()')
  return async (request, info) => await handle(request, hostnameOf(info?.remoteAddr))
}

function hostnameOf(address: object | undefined): string | undefined {
  const { hostname } = (address ?? {}) as { hostname?: unknown }
  return typeof hostname === 'string' ? hostname : undefined
}
