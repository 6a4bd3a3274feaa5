import type { Receiver } from '@gwh/core'
import { createFetchHandler, type MountOptions } from '@gwh/core/adapter'

/** How a receiver is mounted. */
export interface BunHandlerOptions extends MountOptions {
  /** The only path answered; others are refused. Default: every path. */
  path?: string
}

/** What is used of Bun's server, spelled out so that the types of this package need no others. */
export interface BunServerLike {
  /** Sets how long the connection of a request may be idle, in seconds; 0 for ever. */
  timeout(request: Request, seconds: number): void
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
    // Bun counts a connection as idle while we work on its answer. How long that and the body may take is the
    // receiver's to say.
    server?.timeout(request, 0)
    const response = await handle(request)
    server?.timeout(request, IDLE_SECONDS)
    return response
  }
}
