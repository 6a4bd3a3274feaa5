import { primitives } from '#crypto'
import type { JsonWebKeyLike } from '../jwks/key-set.ts'
import { toBase64, toSignedBytes, toUtf8 } from '../shared/bytes.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import { parseSecrets, type SecretFormat } from './secrets.ts'

/** A `CryptoKey`, whether its type comes from the DOM or from Node. */
export type SigningKey = Parameters<typeof crypto.subtle.sign>[1]

/** A message to sign. */
export interface SignedMessage {
  /** `webhook-id`; the same on every attempt. */
  id: string
  /** `webhook-timestamp` of this attempt, in unix seconds. */
  timestamp: number
  /** The bytes to send. A string is encoded as UTF-8. */
  body: Uint8Array | string
}

/**
 * Signs a message as Google does for static webhooks.
 *
 * @param options.secrets One or more secrets. During a rotation a delivery has one signature per secret
 * @param options.format How the secrets become key bytes. Default `base64`
 * @returns The `webhook-signature` header: `v1,… v1,…`
 * @throws WebhookConfigError `secret_empty`, `secret_malformed`
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
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
 * Signs a message as Google does for dynamic webhooks.
 *
 * @param options.privateKey An Ed25519 private key, as a `CryptoKey` or a JSON Web Key
 * @returns The `webhook-signature` header: `v1a,…`
 * @throws WebhookConfigError `option_invalid` if the key is not a private Ed25519 key
 * @see https://github.com/googleapis/python-genai/issues/2927
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
