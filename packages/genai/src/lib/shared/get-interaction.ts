import type { InteractionLike, JobClient, RequestOptions } from './client.ts'
import { fromApi } from './errors.ts'

/**
 * Reads an interaction. The timeout of the client holds.
 *
 * @param signal Ends the request when it is aborted
 * @throws Like `fromApi`
 */
export async function getInteraction(
  client: JobClient,
  id: string,
  signal?: AbortSignal,
  options: RequestOptions = {},
): Promise<InteractionLike> {
  const get = (request: AbortSignal) =>
    client.interactions.get(id, null, { ...options, signal: withTimeoutOf(client, request) })
  return await fromApi(`interaction ${id}`, get, signal, client)
}

/** The SDK applies the timeout of a client only to requests without a signal. */
function withTimeoutOf(client: object, signal: AbortSignal): AbortSignal {
  const { apiClient } = client as { apiClient?: { getTimeout?(): number | undefined } }
  const timeoutMs = apiClient?.getTimeout?.()
  return timeoutMs ? AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) : signal
}
