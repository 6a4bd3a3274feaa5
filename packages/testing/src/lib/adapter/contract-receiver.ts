import { createReceiver, type Receiver, type ReceiverOptions } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { contractHandlers } from './contract-handlers.ts'

// All of these are public: never use them for a real endpoint.
/** The default signing secret of `adapterContract`. */
export const CONTRACT_SECRET = 'whsec_Z3doLWNvbnRyYWN0LXNlY3JldC1rbm93bi10by1hbGw='
/** The job key whose tokens `adapterContract` puts into dynamic deliveries. */
export const CONTRACT_JOB_KEY = 'gwh-contract-job-key-known-to-all'
/** The Ed25519 key `adapterContract` signs dynamic deliveries with. */
export const CONTRACT_PRIVATE_KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: 'Uvsqo8eWhUbYUXpbFrZrZWd-SyR15_AcjhQGP2Mfu70',
  d: 'Oun4d_xbdf0Yz8kUrilFwpiw9M0RKZaJmOnD6vKuwzg',
}

/** How long a contract receiver waits for a body, in milliseconds; the contract waits as long. */
export const CONTRACT_BODY_TIMEOUT_MS = 1_000

/**
 * Makes a receiver that `adapterContract` can examine: with the keys it signs with and the handlers it needs.
 *
 * @param options.mode `inline` (the default) or `queue`; both keep everything in memory
 * @param options Anything else `createReceiver` takes
 * @throws WebhookConfigError As `createReceiver` does
 * @example
 * ```ts
 * app.post('/webhooks', myAdapter(createContractReceiver()))
 * ```
 */
export function createContractReceiver(
  options: Partial<ReceiverOptions> & { mode?: 'inline' | 'queue' } = {},
): Receiver {
  const { mode = 'inline', ...rest } = options
  const { d: _, ...publicKey } = CONTRACT_PRIVATE_KEY
  return contractHandlers(
    createReceiver({
      static: { secrets: CONTRACT_SECRET },
      dynamic: { jobKey: CONTRACT_JOB_KEY, jwks: { keys: [publicKey] } },
      bodyTimeoutMs: CONTRACT_BODY_TIMEOUT_MS,
      ...(mode === 'queue' && { queue: createMemoryQueue() }),
      ...rest,
    }),
  )
}
