import type { MaybePromise } from '../shared/maybe-promise.ts'
import { createRefreshable, searchSource } from '../shared/refreshable.ts'
import { refuse } from '../shared/refusal.ts'
import type { SecretFormat, SecretTexts } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'
import { findKeyId, importSecrets, type StaticVerifier } from './static-keys.ts'

const FAILED = {
  code: 'secret_unavailable',
  message: 'the function for signing secrets failed; the last secrets stay in use',
}

/**
 * Verifies static webhooks with secrets that a function returns. It is called again when no secret matches, which is
 * how a rotation shows.
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
      () => refuse('secret_unavailable', 'there are no signing secrets: the function for them has failed'),
    )
}
