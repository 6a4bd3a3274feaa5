import { primitives } from '#crypto'
import type { HmacKey, SignedContent } from '../crypto/primitives.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { createRefreshable, searchSource } from '../shared/refreshable.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import { parseSecrets, type SecretFormat, type SecretSource, type SecretTexts } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'

/** A signing secret ready for use. */
interface StaticKey {
  keyId: string
  key: HmacKey
}

/** Finds the secret that signed the content: its key id, or `undefined` when none did. */
export type StaticVerifier = (
  content: SignedContent,
  signatures: readonly string[],
  cachedOnly: boolean,
) => MaybePromise<string | undefined | Refusal>

/**
 * Verifies static webhooks: HMAC-SHA256 under any of the secrets, against any of the signatures.
 *
 * @throws WebhookConfigError `secret_empty`, `secret_malformed`; not for a function, which is called later
 */
export function createStaticVerifier(
  secrets: SecretSource,
  format: SecretFormat | undefined,
  settings: SchemeSettings,
): StaticVerifier {
  if (typeof secrets === 'function') return createRotatingVerifier(secrets, format, settings)
  const ready = toKeys(secrets, format, settings)
  return (content, signatures) => mapMaybe(ready, (keys) => findKeyId(keys, content, signatures))
}

/** For secrets that a function returns: called again when no secret matches, which is how a rotation shows. */
function createRotatingVerifier(
  secrets: () => MaybePromise<SecretTexts>,
  format: SecretFormat | undefined,
  settings: SchemeSettings,
): StaticVerifier {
  const source = createRefreshable({
    load: async () => await toKeys(await secrets(), format, settings),
    clock: settings.clock,
    report: (error) => settings.warn({ ...FAILED, error }),
  })
  return (content, signatures, cachedOnly) =>
    searchSource(
      source,
      (keys) => findKeyId(keys, content, signatures),
      cachedOnly,
      () => refuse('secret_unavailable', 'there are no signing secrets: the function for them has failed'),
    )
}

const FAILED = {
  code: 'secret_unavailable',
  message: 'the function for signing secrets failed; the last secrets stay in use',
}

function toKeys(
  secrets: SecretTexts,
  format: SecretFormat | undefined,
  { warn }: SchemeSettings,
): MaybePromise<StaticKey[]> {
  const imported = parseSecrets(secrets, format, warn).map(({ keyId, bytes }) =>
    mapMaybe(primitives.importHmacKey(bytes), (key): StaticKey => ({ keyId, key })),
  )
  return allMaybe(imported)
}

function findKeyId(
  keys: readonly StaticKey[],
  content: SignedContent,
  signatures: readonly string[],
): MaybePromise<string | undefined> {
  const signed = findMaybe(keys, ({ key }) => primitives.verifyHmac(key, content, signatures))
  return mapMaybe(signed, (match) => match?.keyId)
}
