import { primitives } from '#crypto'
import type { JsonWebKeyLike } from '../jwks/key-set.ts'
import { toBase64, toSignedBytes, toUtf8 } from '../shared/bytes.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import { parseSecrets, type SecretFormat } from './secrets.ts'

/** A `CryptoKey`, whichever library declares that type. */
export type SigningKey = Parameters<typeof crypto.subtle.sign>[1]

/** What a sender signs. */
export interface SignedMessage {
  /** `webhook-id`; the same on every attempt. */
  id: string
  /** `webhook-timestamp`: unix seconds of this attempt. */
  timestamp: number
  /** The exact bytes that are sent; a string stands for its UTF-8 bytes. */
  body: Uint8Array | string
}

/**
 * Signs as Google signs for static webhooks.
 *
 * @param options.secrets One or several secrets; during a rotation a delivery carries one signature for each
 * @param options.format How the secrets become key bytes. Default `base64`
 * @returns The `webhook-signature` header: `v1,… v1,…`
 * @throws WebhookConfigError `secret_empty`, `secret_malformed`
 */
export async function signStatic(
  options: SignedMessage & { secrets: string | readonly string[]; format?: SecretFormat },
): Promise<string> {
  const content = toContent(options)
  const entries = parseSecrets(options.secrets, options.format).map(async ({ bytes }) => {
    const key = await primitives.importHmacKey(bytes)
    return `v1,${await primitives.signHmac(key, content)}`
  })
  return (await Promise.all(entries)).join(' ')
}

/**
 * Signs as Google signs for dynamic webhooks.
 *
 * @param options.privateKey An Ed25519 private key
 * @returns The `webhook-signature` header: `v1a,…`
 * @throws WebhookConfigError `option_invalid` when the key is not a private Ed25519 key
 */
export async function signDynamic(
  options: SignedMessage & { privateKey: SigningKey | JsonWebKeyLike },
): Promise<string> {
  const { id, timestamp, body } = toContent(options)
  const key = await toSigningKey(options.privateKey)
  const signature = await crypto.subtle.sign('Ed25519', key, toSignedBytes(id, timestamp, body))
  return `v1a,${toBase64(new Uint8Array(signature))}`
}

function toContent({ id, timestamp, body }: SignedMessage) {
  const bytes = typeof body === 'string' ? toUtf8(body) : body
  return { id, timestamp: String(timestamp), body: bytes }
}

async function toSigningKey(key: SigningKey | JsonWebKeyLike): Promise<SigningKey> {
  if (isSigningKey(key)) return key
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519' || !key.d || !key.x) {
    throw new WebhookConfigError('option_invalid', 'privateKey is not a private Ed25519 JSON Web Key')
  }
  const { d, x } = key as { d: string; x: string }
  return await crypto.subtle.importKey('jwk', { kty: 'OKP', crv: 'Ed25519', d, x }, 'Ed25519', false, [
    'sign',
  ])
}

function isSigningKey(key: SigningKey | JsonWebKeyLike): key is SigningKey {
  return 'type' in key && key.type === 'private'
}
