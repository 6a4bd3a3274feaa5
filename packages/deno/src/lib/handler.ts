import type { Receiver } from '@gwh/core'
import { createFetchHandler, type MountOptions } from '@gwh/core/adapter'

/** How a receiver is mounted. */
export interface DenoHandlerOptions extends MountOptions {
  /** The only path answered; others are refused. Default: every path. */
  path?: string
}

/** Answers a request of `Deno.serve` or `deno serve`. Never rejects. */
export type DenoHandler = (request: Request) => Promise<Response>

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
  return createFetchHandler(receiver, options, 'createDenoHandler()')
}
