import type { MaybePromise } from '../shared/maybe-promise.ts'
import { createRefreshable, searchSource } from '../shared/refreshable.ts'
import { refuse } from '../shared/refusal.ts'
import type { SecretFormat, SecretTexts } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'
import { findKeyId, importSecrets, type StaticVerifier } from './static-keys.ts'

const FAILED = {
  code: 'secret_unavailable',
  message: 'the function for signing secrets failed; the last secrets it returned, if any, stay in use',
}

/**
 * Creates a verifier for static webhooks whose secrets a function returns. The function is called again when no secret
 * matches, because the secrets may have been rotated.
 */
export function createRotatingVerifier(
  secrets: () => MaybePromise<SecretTexts>,
  format: SecretFormat | undefined,
  settings: SchemeSettings,
): StaticVerifier {
  const source = createRefreshable({
    load: async () => await importSecrets(await secrets(), format, settings),
    clock: settings.clock,
    report: (error) => settings.warn({ ...FAILED, error }),
  })
  return (content, signatures, cachedOnly) =>
    searchSource(
      source,
      (keys) => findKeyId(keys, content, signatures),
      cachedOnly,
      () =>
        refuse(
          'secret_unavailable',
          'no signing secrets are available: the function for signing secrets failed',
        ),
    )
}
