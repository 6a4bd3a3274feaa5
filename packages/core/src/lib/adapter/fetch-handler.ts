import { type Answer, answerFor, toResponse } from '../http/answer.ts'
import { checkMountOptions, type MountOptions, pathOf } from '../http/path.ts'
import { toDelivery } from '../http/web-request.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { systemClock } from '../shared/clock.ts'

export type { MountOptions } from '../http/path.ts'

/**
 * Answers a WHATWG request. Never rejects.
 *
 * @param remoteAddress The peer address of the connection, if the runtime provides it
 */
export type FetchHandler = (request: Request, remoteAddress?: string) => Promise<Response>

/**
 * Creates a fetch handler for runtimes with an HTTP server of their own, such as Bun and Deno.
 *
 * @param where The name of the calling function, for error messages
 * @throws WebhookConfigError `option_invalid`
 */
export function createFetchHandler(receiver: Receiver, options: MountOptions, where: string): FetchHandler {
  checkMountOptions(options, where)
  const { path } = options
  return async (request, remoteAddress) => {
    const here = path === undefined || pathOf(request.url) === path
    return toClosing(
      here
        ? await receiver.receive(toDelivery(request, remoteAddress, systemClock))
        : answerFor('path_not_found'),
    )
  }
}

/** A refused sender may still be sending, and the runtime would go on reading on a connection that stays open. */
function toClosing(answer: Answer): Response {
  const { status, headers } = answer
  return toResponse(status === 200 ? answer : { ...answer, headers: { ...headers, connection: 'close' } })
}
