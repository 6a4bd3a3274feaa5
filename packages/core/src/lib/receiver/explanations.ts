import type { ReceiverObserver } from '../observe/observer.ts'
import type { RefusedDelivery, UnverifiedInfo } from '../observe/unverified.ts'
import { parseSecrets } from '../schemes/secrets.ts'
import type { VerifyOptions } from '../verify/verify-options.ts'

// Refusals with these codes can be explained without the body.
const HEADER_CODES = /^header_|_malformed$/

const VERIFIES_NOW =
  'The delivery verifies now: the receiver had older secrets or keys, and reads them again after 1 to 30 seconds.'

/**
 * Reports why deliveries are refused, as signals of type `explained`. Slow, so for development only.
 *
 * @param options Those of the receiver, but with secrets and keys that cost nothing to read
 */
export function createExplanations(
  options: VerifyOptions,
  observe: ReceiverObserver,
): (refused: RefusedDelivery, unverified: UnverifiedInfo) => void {
  const explain = async ({ code, headers, body }: RefusedDelivery, unverified: UnverifiedInfo) => {
    // The signature is good, and the refusal itself says what is wrong with the job.
    if (code === 'job_unknown') return
    if (!body && !HEADER_CODES.test(code)) return
    // Loaded on demand, so that receivers that explain nothing stay small.
    const { explainFailure } = await import('../verify/explain.ts')
    const explanation = await explainFailure({ headers, body: body ?? new Uint8Array() }, options)
    const { reason } = explanation
    const message = reason === 'verified' ? VERIFIES_NOW : explanation.message
    const tried = await keyIdsOf(options)
    observe({ type: 'explained', unverified, code, reason, message, tried })
  }
  return (refused, unverified) => {
    explain(refused, unverified).catch(() => {})
  }
}

/** The short forms of the secrets, as Google shows them. */
async function keyIdsOf({ secrets, format }: VerifyOptions): Promise<string[]> {
  const texts = typeof secrets === 'function' ? await secrets() : secrets
  // No texts yet: the function for secrets has not returned any.
  return texts === undefined || texts.length === 0
    ? []
    : parseSecrets(texts, format).map(({ keyId }) => keyId)
}
