import { createDrainHandler, type DrainHandlerOptions } from '@gwh/core/adapter'
import { fromSource, type ReceiverSource } from './source.ts'

/**
 * Creates a route for Vercel's cron, or any other that calls by HTTP with `Authorization: Bearer …`. It handles what
 * an interrupted invocation left unhandled, and retries that are due. Answers `{"processed":n}`.
 *
 * @throws WebhookConfigError `option_invalid`
 * @see https://vercel.com/docs/cron-jobs/manage-cron-jobs#securing-cron-jobs
 * @example
 * ```ts
 * // app/cron/gemini/route.ts
 * export const { GET } = createCronHandler(receiver, { secret: () => process.env.CRON_SECRET })
 * ```
 */
export function createCronHandler(source: ReceiverSource, options: DrainHandlerOptions) {
  const receiver = fromSource(source)
  return { GET: createDrainHandler({ drain: async (limits) => await receiver().drain(limits) }, options) }
}
