import { createFixedJwks } from '../jwks/fixed-jwks.ts'
import { createJwks, type Jwks, type JwksOptions } from '../jwks/jwks.ts'
import { mapMaybe } from '../shared/maybe-promise.ts'
import { onDemand } from '../shared/on-demand.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import { createDynamicVerifier } from './dynamic-scheme.ts'
import type { JwtOptions } from './jwt-scheme.ts'
import type { Scheme, SchemeOptions, SignatureMatch } from './scheme.ts'
import type { SchemeSettings } from './settings.ts'

/**
 * Creates the schemes of dynamic webhooks, first that of `v1a` signatures. Loaded on demand by `createLazyDynamic`.
 *
 * @param options Must have `jwks`
 * @throws WebhookConfigError `option_invalid`
 */
export function createDynamicSchemes(
  { jwks: given, jwt, fetch, allowEmulator }: SchemeOptions,
  toleranceSeconds: number,
  { clock }: SchemeSettings,
): { schemes: Scheme[]; jwks: Jwks } {
  const jwks = toJwks(given!, { clock, ...(fetch && { fetch }), ...(allowEmulator && { allowEmulator }) })
  const schemes = [dynamicScheme(jwks)]
  if (jwt) schemes.push(jwtScheme(jwt, jwks, toleranceSeconds))
  return { schemes, jwks }
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
  const load = onDemand(
    () => import('./jwt-scheme.ts'),
    ({ createJwtVerifier }) => createJwtVerifier({ jwt, jwks, toleranceSeconds }),
  )
  return {
    entries: 'jwt',
    load,
    async verify({ body }, entries, { now, cachedOnly }) {
      const verify = await load()
      const verified = await verify(entries[0]!, body, now(), cachedOnly)
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
