import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, answerFor, type Receiver, WebhookConfigError } from '@gwh/core'
import { bodyOf, discardRest, type NodeRequest } from './body.ts'

/** How a receiver is mounted. */
export interface NodeHandlerOptions {
  /** The only path answered; others are passed to `next`, or refused where there is none. Default: every path. */
  path?: string
}

/** Handles a request; `next` is called for requests meant for somebody else. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void

/**
 * Mounts a receiver on node:http, Express, Connect or anything else that speaks `(req, res, next)`.
 *
 * Mount it in front of body parsers: signatures cover the bytes as they were sent.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * http.createServer(createNodeHandler(receiver, { path: '/webhooks/gemini' })).listen(3000)
 * ```
 */
export function createNodeHandler(receiver: Receiver, options: NodeHandlerOptions = {}): NodeHandler {
  const { path } = options
  if (path !== undefined && !path.startsWith('/')) {
    throw new WebhookConfigError('option_invalid', 'path must start with "/"')
  }
  return (request, response, next) => {
    if (path === undefined || pathOf(request) === path) {
      answer(receiver, request, response)
    } else if (next) {
      next()
    } else {
      write(request, response, answerFor('path_not_found'))
    }
  }
}

async function answer(receiver: Receiver, request: NodeRequest, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers } = request
  write(request, response, await receiver.receive({ method, headers, body: bodyOf(request) }))
}

/** The path of the request, without its query. Express strips the mount point from `url` only. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '/').split('?', 1)[0]!
}

function write(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return
  const unread = !request.complete
  const length = { 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...length, ...(unread && { connection: 'close' }) })
  response.end(body)
  if (unread) discardRest(request)
}
