import { RequestFault } from '../http/faults.ts'
import { randomText } from '../shared/ids.ts'

/** A signing secret of one webhook. */
export interface SigningSecret {
  /** `whsec_` and base64. */
  readonly value: string
  /** When it stops signing, in epoch milliseconds; absent on the active secret. */
  readonly expiresAt?: number
}

/** What happens to the earlier secrets when a new one is made. */
export type RevocationBehavior = 'revoke_previous_secrets_after_h24' | 'revoke_previous_secrets_immediately'

// As many as a receiver accepts; rotating more often within a day drops the oldest early.
const MAX_SECRETS = 8

const OVERLAP_MS = 24 * 60 * 60 * 1000

/** Makes a secret of the observed form: 32 characters of [a-z0-9], base64-encoded. */
export function newSecret(): SigningSecret {
  return { value: `whsec_${btoa(randomText(32))}` }
}

/** Puts a new secret first and lets the earlier ones end now or 24 hours from now. */
export function rotateSecrets(
  secrets: readonly SigningSecret[],
  behavior: RevocationBehavior,
  now: number,
): readonly [SigningSecret, ...SigningSecret[]] {
  const kept = behavior === 'revoke_previous_secrets_immediately' ? [] : liveSecrets(secrets, now)
  const ending = kept.slice(0, MAX_SECRETS - 1).map((secret) => ({ expiresAt: now + OVERLAP_MS, ...secret }))
  return [newSecret(), ...ending]
}

/** The secrets that have not expired, newest first. */
export function liveSecrets(secrets: readonly SigningSecret[], now: number): readonly SigningSecret[] {
  return secrets.filter((secret) => secret.expiresAt === undefined || secret.expiresAt > now)
}

/** The secrets that sign: every live one, or only the newest. */
export function signingSecrets(
  secrets: readonly SigningSecret[],
  now: number,
  during: 'both' | 'new',
): readonly string[] {
  const live = liveSecrets(secrets, now).map(({ value }) => value)
  return during === 'both' ? live : live.slice(0, 1)
}

/** Shows as much of a secret as Google does: the prefix and the last four characters. */
export function truncateSecret(secret: SigningSecret): string {
  return `whsec_...${secret.value.slice(-4)}`
}

/** Reads a secret that a caller chose: `whsec_` and the base64 of 24 to 64 bytes, as Standard Webhooks demands. */
export function readSecret(value: unknown): string {
  const text = typeof value === 'string' ? value : ''
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
  if (bytes >= 24 && bytes <= 64) return text
  throw new RequestFault('invalid_request', "'secret' must be 'whsec_' and the base64 of 24 to 64 bytes.")
}
