import { incomplete } from '../shared/api-failed.ts'

const SIGNING_SECRET = /^whsec_[\w+/=-]+$/

/**
 * Checks that an answer of the API has a signing secret.
 *
 * @throws ApiFailedError `api_failed` for anything but a text of the form `whsec_…`
 */
export function toSigningSecret(value: unknown): string {
  if (typeof value === 'string' && SIGNING_SECRET.test(value)) return value
  throw incomplete('signing secret')
}
