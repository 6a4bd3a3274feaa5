import { responseFor } from '../http/answer.ts'
import { checkMountOptions, type MountOptions, pathOf } from '../http/path.ts'
import type { Receiver } from '../receiver/receiver.ts'

export type { MountOptions } from '../http/path.ts'

/**
 * Answers a WHATWG request. Never rejects.
 *
 * @param remoteAddress The address at the other end of the connection, where the runtime shows it
 */
export type FetchHandler = (request: Request, remoteAddress?: string) => Promise<Response>

/**
 * Mounts a receiver on a server that speaks WHATWG objects over a socket of its own.
 *
 * @param where The caller's name, for the message of an error
 * @throws WebhookConfigError `option_invalid`
 */
export function createFetchHandler(receiver: Receiver, options: MountOptions, where: string): FetchHandler {
  checkMountOptions(options, where)
  const { path } = options
  return async (request, remoteAddress) => {
    const here = path === undefined || pathOf(request.url) === path
    const response = here ? await receiver.fetch(request, { remoteAddress }) : responseFor('path_not_found')
    // A refused sender may still be sending. On a connection that stays open the runtime would read on without end.
    if (!response.ok) response.headers.set('connection', 'close')
    return response
  }
}
