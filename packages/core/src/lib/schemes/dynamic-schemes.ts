import { createFixedJwks } from '../jwks/fixed-jwks.ts'
import { createJwks, type Jwks, type JwksOptions } from '../jwks/jwks.ts'
import { mapMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import { createDynamicVerifier } from './dynamic-scheme.ts'
import type { JwtOptions, JwtVerifier } from './jwt-scheme.ts'
import type { Scheme, SchemeOptions, SignatureMatch } from './scheme.ts'
import type { SchemeSettings } from './settings.ts'

/**
 * Creates the schemes of dynamic webhooks; none without `jwks`. In a module of its own, so that code that verifies only
 * static webhooks does not load it.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createDynamicSchemes(
  { jwks, jwt, fetch, allowEmulator }: SchemeOptions,
  toleranceSeconds: number,
  { clock }: SchemeSettings,
): Scheme[] {
  if (jwks === undefined) return []
  const keySet = toJwks(jwks, { clock, ...(fetch && { fetch }), ...(allowEmulator && { allowEmulator }) })
  return jwt ? [dynamicScheme(keySet), jwtScheme(jwt, keySet, toleranceSeconds)] : [dynamicScheme(keySet)]
}

function dynamicScheme(jwks: Jwks): Scheme {
  const verify = createDynamicVerifier(jwks)
  const toMatch = (result: string | Refusal | undefined): SignatureMatch | Refusal | undefined =>
    typeof result === 'string' ? { scheme: 'dynamic', keyId: result } : result
  return {
    entries: 'v1a',
    verify: (content, entries, { cachedOnly }) => mapMaybe(verify(content, entries, cachedOnly), toMatch),
  }
}

/** Google has not been observed to send tokens, so the code that verifies them is loaded with the first one. */
function jwtScheme(jwt: JwtOptions, jwks: Jwks, toleranceSeconds: number): Scheme {
  let loading: Promise<JwtVerifier> | undefined
  const load = async () => {
    const { createJwtVerifier } = await import('./jwt-scheme.ts')
    return createJwtVerifier({ jwt, jwks, toleranceSeconds })
  }
  return {
    entries: 'jwt',
    async verify({ body }, entries, { now, cachedOnly }) {
      // A failed import, for instance by a network error, is retried with the next token.
      loading ??= load().catch((error) => {
        loading = undefined
        throw error
      })
      const verified = await (await loading)(entries[0]!, body, now(), cachedOnly)
      if (isRefusal(verified)) return verified
      const { keyId, bodyBound } = verified
      return { scheme: 'dynamic', keyId, jwt: { bodyBound } }
    },
  }
}

function toJwks(jwks: NonNullable<SchemeOptions['jwks']>, options: JwksOptions): Jwks {
  if (typeof jwks === 'string' || jwks instanceof URL) return createJwks(jwks, options)
  return 'reload' in jwks ? jwks : createFixedJwks(jwks, options)
}
