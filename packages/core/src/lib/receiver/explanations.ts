import type { ReceiverObserver } from '../observe/observer.ts'
import type { RefusedDelivery, UnverifiedInfo } from '../observe/unverified.ts'
import { parseSecrets } from '../schemes/secrets.ts'
import { explainFailure } from '../verify/explain.ts'
import type { VerifyOptions } from '../verify/verify-options.ts'

// Refusals with these codes can be explained without the body.
const HEADER_CODES = /^header_|_malformed$/

const VERIFIES_NOW =
  'The delivery verifies now: the receiver had older secrets or keys, and reads them again after 1 to 30 seconds.'

/**
 * Reports why a delivery was refused, as a signal of type `explained`. Slow, so for development only. Loaded on demand.
 *
 * @param readOptions Returns the options of the receiver, with secrets and keys that cost nothing to read
 */
export async function reportExplanation(
  { code, headers, body }: RefusedDelivery,
  unverified: UnverifiedInfo,
  readOptions: () => Promise<VerifyOptions>,
  observe: ReceiverObserver,
): Promise<void> {
  // The signature is good, and the refusal itself says what is wrong with the job.
  if (code === 'job_unknown') return
  if (!body && !HEADER_CODES.test(code)) return
  const options = await readOptions()
  const explanation = await explainFailure({ headers, body: body ?? new Uint8Array() }, options)
  const { reason } = explanation
  const message = reason === 'verified' ? VERIFIES_NOW : explanation.message
  const tried = await keyIdsOf(options)
  observe({ type: 'explained', unverified, code, reason, message, tried })
}

/** The short forms of the secrets, as Google shows them. */
async function keyIdsOf({ secrets, format }: VerifyOptions): Promise<string[]> {
  const texts = typeof secrets === 'function' ? await secrets() : secrets
  // No texts yet: the function for secrets has not returned any.
  return texts === undefined || texts.length === 0
    ? []
    : parseSecrets(texts, format).map(({ keyId }) => keyId)
}
