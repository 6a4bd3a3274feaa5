import { EMULATOR_KEY_PREFIX } from '@gwh/core/jwks'
import type { signDynamic } from '@gwh/core/sign'

type PrivateKey = Parameters<typeof signDynamic>[0]['privateKey']

/** A public key as `/.well-known/jwks.json` shows it. */
export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly kid: string
  /** The 32 key bytes, base64url. */
  readonly x: string
}

/** The emulator's keys for dynamic webhooks. */
export interface SigningKeys {
  /** The public set: three keys, as Google's (https://github.com/googleapis/python-genai/issues/2927). */
  jwks(): Promise<{ keys: PublicJwk[] }>
  /** The key that signs now. */
  signing(): Promise<PrivateKey>
}

/** Creates fresh keys; they are made on first use and live as long as the emulator. */
export function createKeys(): SigningKeys {
  let made: ReturnType<typeof makeKeys> | undefined
  const keys = () => {
    made ??= makeKeys()
    return made
  }
  return {
    jwks: async () => ({ keys: (await keys()).map((key) => key.publicJwk) }),
    // Not the first of the set, so that a receiver that tries only one key fails.
    signing: async () => (await keys())[1]!.privateKey,
  }
}

function makeKeys() {
  return Promise.all([1, 2, 3].map((number) => makeKey(`${EMULATOR_KEY_PREFIX}-${number}`)))
}

async function makeKey(kid: string): Promise<{ publicJwk: PublicJwk; privateKey: PrivateKey }> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new TypeError('Ed25519 is made in pairs')
  const { x } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return { publicJwk: { kty: 'OKP', crv: 'Ed25519', kid, x: x! }, privateKey: pair.privateKey }
}
