import type { Records } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import {
  importPrivateJwk,
  type KeyAlgorithm,
  makePrivateJwk,
  type PrivateJwk,
  type PublicJwk,
  toPublicJwk,
} from './key-pairs.ts'

type PrivateKey = Awaited<ReturnType<typeof importPrivateJwk>>

/** A key that signs, and its name. */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: PrivateKey
}

/** The emulator's keys for dynamic webhooks. */
export interface SigningKeys {
  /**
   * The public set: three Ed25519 keys, as Google's (https://github.com/googleapis/python-genai/issues/2927), and
   * where tokens are signed the RSA keys.
   */
  jwks(): Promise<{ keys: PublicJwk[] }>
  /** The key that signs now. */
  signing(algorithm: KeyAlgorithm): Promise<SigningKey>
  /** Every key of an algorithm in the set. */
  published(algorithm: KeyAlgorithm): Promise<SigningKey[]>
  /** A key that is not in the set. */
  unpublished(algorithm: KeyAlgorithm): Promise<SigningKey>
  /** A set that none of the emulator's signatures verify with. */
  foreignJwks(): Promise<{ keys: PublicJwk[] }>
  /**
   * Lets the next key sign, of each algorithm. It has been in the set all along, and the one that signed until now
   * stays in it until the next rotation.
   */
  rotate(): Promise<void>
}

/** What a key does now: it signed until the last rotation, it signs, or it will after the next. */
type Role = 'previous' | 'current' | 'next'

/** A key as it is stored. */
interface KeyRecord {
  /** Its `kid`. */
  readonly id: string
  readonly algorithm: KeyAlgorithm
  readonly role: Role
  /** Counts the keys of an algorithm. */
  readonly number: number
  readonly jwk: PrivateJwk
}

const ROLES: readonly Role[] = ['previous', 'current', 'next']

/** Keeps keys in `storage`, so that they are the same after a restart; they are made on first use. */
export function createKeys(storage: Storage, algorithms: readonly KeyAlgorithm[]): SigningKeys {
  const records: Records<KeyRecord> = storage.records('key')
  const making = new Map<KeyAlgorithm, Promise<void>>()
  const imported = new WeakMap<PrivateJwk, Promise<PrivateKey>>()
  const foreign = new Map<KeyAlgorithm, Promise<PrivateJwk>>()
  let rotating: Promise<void> = Promise.resolve()

  const keysOf = (algorithm: KeyAlgorithm) =>
    [...records.values()].filter((record) => record.algorithm === algorithm)

  /** The stored keys of an algorithm, made when there are none. */
  async function existing(algorithm: KeyAlgorithm): Promise<readonly KeyRecord[]> {
    if (keysOf(algorithm).length === 0) {
      const made = making.get(algorithm) ?? makeAll(algorithm).finally(() => making.delete(algorithm))
      making.set(algorithm, made)
      await made
    }
    return keysOf(algorithm)
  }

  async function makeAll(algorithm: KeyAlgorithm): Promise<void> {
    const made = await Promise.all(ROLES.map((role, index) => make(algorithm, role, index + 1)))
    storage.atomically(() => {
      for (const record of made) records.put(record)
    })
  }

  async function toSigning(algorithm: KeyAlgorithm, jwk: PrivateJwk): Promise<SigningKey> {
    const privateKey = imported.get(jwk) ?? importPrivateJwk(algorithm, jwk)
    imported.set(jwk, privateKey)
    return { kid: jwk.kid, privateKey: await privateKey }
  }

  function foreignJwk(algorithm: KeyAlgorithm): Promise<PrivateJwk> {
    const jwk = foreign.get(algorithm) ?? makePrivateJwk(algorithm, `${PREFIXES[algorithm]}unpublished`)
    foreign.set(algorithm, jwk)
    return jwk
  }

  async function rotateOne(algorithm: KeyAlgorithm): Promise<void> {
    const number = Math.max(...(await existing(algorithm)).map((record) => record.number)) + 1
    const made = await make(algorithm, 'next', number)
    storage.atomically(() => {
      for (const record of keysOf(algorithm)) {
        const role = ROLES[ROLES.indexOf(record.role) - 1]
        if (role === undefined) records.delete(record.id)
        else records.put({ ...record, role })
      }
      records.put(made)
    })
  }

  return {
    async jwks() {
      const keys = await Promise.all(algorithms.map(existing))
      return { keys: keys.flat().map(({ jwk }) => toPublicJwk(jwk)) }
    },
    async signing(algorithm) {
      const current = (await existing(algorithm)).find(({ role }) => role === 'current')!
      return toSigning(algorithm, current.jwk)
    },
    async published(algorithm) {
      return Promise.all((await existing(algorithm)).map(({ jwk }) => toSigning(algorithm, jwk)))
    },
    unpublished: async (algorithm) => toSigning(algorithm, await foreignJwk(algorithm)),
    async foreignJwks() {
      return { keys: (await Promise.all(algorithms.map(foreignJwk))).map(toPublicJwk) }
    },
    async rotate() {
      // One after the other: two rotations at once must make two steps.
      rotating = rotating
        .catch(() => {})
        .then(async () => void (await Promise.all(algorithms.map(rotateOne))))
      await rotating
    },
  }
}

const PREFIXES: Record<KeyAlgorithm, string> = { Ed25519: '', RS256: 'rsa-' }

async function make(algorithm: KeyAlgorithm, role: Role, number: number): Promise<KeyRecord> {
  const jwk = await makePrivateJwk(algorithm, `${PREFIXES[algorithm]}${number}`)
  return { id: jwk.kid, algorithm, role, number, jwk }
}
