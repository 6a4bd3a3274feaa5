import { primitives } from '#crypto'
import { isSafePublicKey } from '../crypto/ed25519-points.ts'
import { allMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { type KeySet, type SelectedKeys, selectKeys, type VerificationKey } from './key-set.ts'

/**
 * Selects the usable and safe keys of a JWKS; see `selectKeys`.
 *
 * @param emulator Whether the emulator's keys are usable. Default `true`
 */
export function selectSafeKeys(value: unknown, emulator = true): SelectedKeys | undefined {
  return selectKeys(value, emulator, isSafePublicKey)
}

/** Imports the selected keys. Skips those that the runtime cannot import. */
export function importKeys({ edwards, rsa, rejected }: SelectedKeys): MaybePromise<KeySet> {
  return mapMaybe(allMaybe(edwards.map(importEd25519)), (imported) => {
    const ed25519 = imported.filter((key) => key !== undefined)
    return { ed25519, rsa, rejected: rejected + imported.length - ed25519.length }
  })
}

/** Returns `undefined` for bytes that are not a point on the curve. Runtimes report them by throwing or by rejecting. */
function importEd25519(selected: {
  keyId: string
  bytes: Uint8Array
}): MaybePromise<VerificationKey | undefined> {
  const { keyId, bytes } = selected
  try {
    const imported = primitives.importEd25519(bytes)
    if (!(imported instanceof Promise)) return { keyId, key: imported }
    return imported.then(
      (key) => ({ keyId, key }),
      () => undefined,
    )
  } catch {
    return undefined
  }
}
