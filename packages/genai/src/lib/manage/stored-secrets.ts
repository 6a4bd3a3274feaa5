/** A signing secret as your application stores it. */
export interface StoredSecret {
  /** The secret, `whsec_…`. */
  secret: string
  /** When it ends, in epoch milliseconds; absent for the newest. */
  validUntil?: number
}

/**
 * Puts a new secret in front of the stored ones, and records when those expire. A recorded expiry that is earlier is
 * kept.
 *
 * @param previousUntil When the previous secrets expire, in epoch milliseconds
 */
export function addSecret(
  stored: readonly StoredSecret[],
  secret: string,
  previousUntil: number,
): StoredSecret[] {
  const before = stored.filter((other) => other.secret !== secret)
  return [
    { secret },
    ...before.map(({ validUntil = previousUntil, ...rest }) => ({
      ...rest,
      validUntil: Math.min(validUntil, previousUntil),
    })),
  ]
}

/**
 * Returns the stored secrets that have not ended, newest first, for `static.secrets` of a receiver.
 *
 * @param now The current time, in epoch milliseconds. Default: that of the system
 * @example
 * ```ts
 * const receiver = createReceiver({ static: { secrets: async () => liveSecrets(await vault.read()) } })
 * ```
 */
export function liveSecrets(stored: readonly StoredSecret[], now: number = Date.now()): string[] {
  return stored
    .filter(({ validUntil = Number.POSITIVE_INFINITY }) => validUntil > now)
    .map(({ secret }) => secret)
}
