import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerNodeRequest } from '@gwh/core/adapter'
import { fromSource, type ReceiverSource } from './source.ts'

/** An API route of the pages router. */
export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * The `config` an API route needs: the receiver reads the body itself, as it was sent.
 *
 * Next.js 16 reads `config` without running the module, and fails the build if it contains a name. Spell it out there:
 * `export const config = { api: { bodyParser: false } }`.
 */
export const apiConfig = { api: { bodyParser: false } } as const

/**
 * Mounts a receiver on the pages router, which cannot run code after the answer: with a queue, let a worker or a cron
 * handle the deliveries.
 *
 * @example
 * ```ts
 * // pages/api/gemini.ts
 * export default createApiHandler(receiver)
 * export const config = { api: { bodyParser: false } }
 * ```
 */
export function createApiHandler(source: ReceiverSource): ApiHandler {
  const receiver = fromSource(source)
  return async (request, response) => await answerNodeRequest(receiver(), request, response)
}
