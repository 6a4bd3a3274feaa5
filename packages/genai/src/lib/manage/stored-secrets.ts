import type { RotationTimes } from './rotate-secret.ts'

/** A signing secret as your application stores it: plain JSON. */
export interface StoredSecret {
  /** The secret, `whsec_…`. */
  secret: string
  /** When it ends, in epoch milliseconds; absent for the newest. */
  validUntil?: number
  /** The rotation that made it; absent for the first one. */
  rotation?: RotationTimes
}

/**
 * Adds the secret of a rotation to the stored ones, and records when those from before it end.
 *
 * A stored secret ends only because of a rotation that began after its own was over. The secret that is added gets no end
 * from a stored one that seems newer: a clock that was corrected backwards makes it seem so, and Google signs with the
 * secret it returned last. Both stay valid until a rotation that began after both. Adding a secret that is stored already
 * changes nothing.
 *
 * @param stored The secrets that are stored now
 * @param secret The new secret, as `save` of `rotateSecret` is given it
 * @param rotation When it was made, as `save` is given it
 * @returns The secrets to store, the one that was added last first
 */
export function addSecret(
  stored: readonly StoredSecret[],
  secret: string,
  rotation: RotationTimes,
): StoredSecret[] {
  if (stored.some((other) => other.secret === secret)) return [...stored]
  const added = { secret, rotation }
  return [added, ...stored.map((other) => endBy(other, added))]
}

/** Ends a secret with another rotation, if that came later. An end that is recorded as earlier is kept. */
function endBy(one: StoredSecret, other: StoredSecret & { rotation: RotationTimes }): StoredSecret {
  if (!isOlder(one, other)) return one
  const { validUntil = Number.POSITIVE_INFINITY } = one
  return { ...one, validUntil: Math.min(validUntil, other.rotation.previousUntil) }
}

/** Whether a secret was certainly made before another. */
function isOlder({ rotation: one }: StoredSecret, { rotation: other }: StoredSecret): boolean {
  if (!one || !other) return !one && other !== undefined
  // The second condition holds too for two rotations in one millisecond, and then their order is unknown.
  return one.endedAt <= other.startedAt && !(other.endedAt <= one.startedAt)
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
