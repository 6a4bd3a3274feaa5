import type { Receiver } from '@gwh/core'
import { createFetchHandler, type MountOptions } from '@gwh/core/adapter'

/** How a receiver is mounted. */
export interface BunHandlerOptions extends MountOptions {
  /** The only path answered; others are refused. Default: every path. */
  path?: string
}

/** The part of Bun's server this package uses, so that its types need no others. */
export interface BunServerLike {
  /** Sets how long the connection of a request may be idle, in seconds; 0 for no limit. */
  timeout(request: Request, seconds: number): void
  /** Returns the peer address of a request's connection. */
  requestIP?(request: Request): { address: string } | null
}

/** Answers a request of `Bun.serve`, as its `fetch` or as one of its routes. Never rejects. */
export type BunHandler = (request: Request, server?: BunServerLike) => Promise<Response>

/** How long a connection may be idle between requests, in seconds. */
export const IDLE_SECONDS = 10

/**
 * Mounts a receiver on `Bun.serve`.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * Bun.serve({ routes: { '/webhooks/gemini': createBunHandler(receiver) } })
 * ```
 */
export function createBunHandler(receiver: Receiver, options: BunHandlerOptions = {}): BunHandler {
  const handle = createFetchHandler(receiver, options, 'createBunHandler()')
  return async (request, server) => {
    // Bun counts a connection as idle while its answer is being prepared. The receiver has its own limits for that.
    server?.timeout(request, 0)
    const response = await handle(request, server?.requestIP?.(request)?.address)
    server?.timeout(request, IDLE_SECONDS)
    return response
  }
}
