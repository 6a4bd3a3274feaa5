import { createFixedJwks } from '../jwks/fixed-jwks.ts'
import { createJwks, type Jwks } from '../jwks/jwks.ts'
import { mapMaybe } from '../shared/maybe-promise.ts'
import { checkNames, invalid } from '../shared/options.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import { createDynamicVerifier } from './dynamic-scheme.ts'
import type { JwtOptions, JwtVerifier } from './jwt-scheme.ts'
import type { Scheme, SchemeOptions, SignatureMatch } from './scheme.ts'

/**
 * The schemes of dynamic webhooks, all that is behind `jwks`: a room of its own, so that whoever verifies static
 * webhooks only need not load it.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createDynamicSchemes(options: SchemeOptions, toleranceSeconds: number): Scheme[] {
  const { jwks, jwt, fetch } = options
  if (jwks === undefined) return []
  if (jwt) checkJwt(jwt)
  const keySet = toJwks(jwks, fetch)
  return jwt ? [dynamicScheme(keySet), jwtScheme(jwt, keySet, toleranceSeconds)] : [dynamicScheme(keySet)]
}

function checkJwt(jwt: JwtOptions): void {
  checkNames(jwt, ['audience', 'issuer', 'allowUnboundBody'], 'jwt')
  const { audience, issuer, allowUnboundBody } = jwt
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (!isText(audience)) throw invalid('jwt needs an audience')
  if (issuer !== undefined && !isText(issuer)) throw invalid('jwt.issuer is a text that is not empty')
  if (allowUnboundBody !== undefined && allowUnboundBody !== true) {
    throw invalid('jwt.allowUnboundBody is true or absent')
  }
}

function dynamicScheme(jwks: Jwks): Scheme {
  const verify = createDynamicVerifier(jwks)
  const toProof = (result: string | Refusal | undefined): SignatureMatch | Refusal | undefined =>
    typeof result === 'string' ? { scheme: 'dynamic', keyId: result } : result
  return {
    entries: 'v1a',
    verify: (content, entries, { cachedOnly }) => mapMaybe(verify(content, entries, cachedOnly), toProof),
  }
}

/** Nobody has seen such a token on the wire: what verifies them is loaded when the first one comes. */
function jwtScheme(jwt: JwtOptions, jwks: Jwks, toleranceSeconds: number): Scheme {
  let loading: Promise<JwtVerifier> | undefined
  const load = async () => {
    const { createJwtVerifier } = await import('./jwt-scheme.ts')
    return createJwtVerifier({ jwt, jwks, toleranceSeconds })
  }
  return {
    entries: 'jwt',
    async verify({ body }, entries, { now, cachedOnly }) {
      // A load that failed, for want of a file or the network, is tried again with the next token.
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

function toJwks(jwks: NonNullable<SchemeOptions['jwks']>, fetch?: typeof globalThis.fetch): Jwks {
  if (typeof jwks === 'string' || jwks instanceof URL) return createJwks(jwks, fetch ? { fetch } : {})
  return 'reload' in jwks ? jwks : createFixedJwks(jwks)
}
