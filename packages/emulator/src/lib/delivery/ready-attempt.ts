import { EmulatorError } from '../shared/errors.ts'
import type { DeliveryFault } from '../shared/fault-types.ts'
import type { Settings } from '../shared/options.ts'
import { type Outcome, reasonOf, sendAttempt } from './attempt.ts'
import { planAttempt } from './attempt-plan.ts'
import type { Delivery, Endpoint } from './delivery.ts'
import { buildRequest } from './request.ts'
import { findSend } from './target.ts'

/** An attempt that is ready to be recorded, and then sent. */
export interface ReadyAttempt {
  /** The headers of its request; absent when none could be built. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sends it, unless `signal` is aborted. Never rejects: whatever happens is an outcome. */
  send(signal: AbortSignal): Promise<Outcome>
}

/** What an attempt is made with. */
export interface AttemptMaking {
  /** Epoch milliseconds of the emulator's clock. */
  readonly startsAt: number
  readonly faults: readonly DeliveryFault[]
  readonly settings: Settings
}

/**
 * Builds and signs the request of an attempt. One that cannot be built makes an attempt that fails, so that its delivery
 * ends all the same.
 *
 * @throws EmulatorError when it can be built later
 */
export async function prepareAttempt(
  delivery: Delivery,
  endpoint: Endpoint,
  { startsAt, faults, settings }: AttemptMaking,
): Promise<ReadyAttempt> {
  const plan = planAttempt(faults)
  try {
    const request = await buildRequest(delivery, endpoint, startsAt, plan)
    const about = { ...request, uri: endpoint.uri, plan, timeoutMs: settings.retry.timeoutMs }
    return {
      headers: request.headers,
      send: (signal) =>
        sendAttempt({ ...about, signal, findSend: (uri) => findSend(uri, settings, plan.wire) }),
    }
  } catch (error) {
    if (error instanceof EmulatorError) throw error
    return { send: async () => ({ code: 'request_failed', reason: reasonOf(error), retryAfter: null }) }
  }
}
