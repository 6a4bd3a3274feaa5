import { responseFor } from '../http/answer.ts'
import { checkMountOptions, type MountOptions, pathOf } from '../http/path.ts'
import type { Receiver } from '../receiver/receiver.ts'

export type { MountOptions } from '../http/path.ts'

/** Answers a WHATWG request. Never rejects. */
export type FetchHandler = (request: Request) => Promise<Response>

/**
 * Mounts a receiver on a server that speaks WHATWG objects over a socket of its own.
 *
 * @param where What the options belong to, for the message
 * @throws WebhookConfigError `option_invalid`
 */
export function createFetchHandler(receiver: Receiver, options: MountOptions, where: string): FetchHandler {
  checkMountOptions(options, where)
  const { path } = options
  return async (request) => {
    const here = path === undefined || pathOf(request.url) === path
    const response = here ? await receiver.fetch(request) : responseFor('path_not_found')
    // Whoever is refused may still be sending. What is kept open for that is read on by the runtime, without end.
    if (!response.ok) response.headers.set('connection', 'close')
    return response
  }
}
