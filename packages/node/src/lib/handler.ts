import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Receiver } from '@gwh/core'
import {
  answerNodeRequest,
  checkMountOptions,
  type MountOptions,
  pathOf,
  refuseNodeRequest,
} from '@gwh/core/adapter'

/** How a receiver is mounted. */
export interface NodeHandlerOptions extends MountOptions {
  /** The only path answered; other requests go to `next`, or are refused without one. Default: every path. */
  path?: string
}

/** Handles a request; calls `next` for requests to other paths. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void

/**
 * Mounts a receiver on node:http, Express, Connect, functions-framework or anything else with handlers of the form
 * `(req, res, next)`.
 *
 * Mount it in front of body parsers: signatures cover the bytes as they were sent. Where the platform parses the
 * body but keeps its bytes in `req.rawBody`, those are used.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * http.createServer(createNodeHandler(receiver, { path: '/webhooks/gemini' })).listen(3000)
 * ```
 */
export function createNodeHandler(receiver: Receiver, options: NodeHandlerOptions = {}): NodeHandler {
  checkMountOptions(options, 'createNodeHandler()')
  const { path } = options
  return (request, response, next) => {
    if (path === undefined || targetOf(request) === path) {
      answerNodeRequest(receiver, request, response)
    } else if (next) {
      next()
    } else {
      refuseNodeRequest('path_not_found', request, response)
    }
  }
}

/** The path of the request, without its query. Express strips the mount point from `url` only. */
function targetOf(request: IncomingMessage & { originalUrl?: string }): string {
  return pathOf(request.originalUrl ?? request.url ?? '/')
}
