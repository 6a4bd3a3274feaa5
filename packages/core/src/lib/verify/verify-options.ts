import { parseJwksUrl } from '../jwks/jwks-url.ts'
import type { JwtOptions } from '../schemes/jwt-scheme.ts'
import type { SchemeOptions } from '../schemes/scheme.ts'
import { checkFunction, checkNames, checkTrue, invalid, wholeNumber } from '../shared/options.ts'

/** What deliveries are verified with. */
export interface VerifyOptions extends SchemeOptions {
  /** The present in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

const NAMES = ['secrets', 'format', 'jwks', 'jwt', 'allowEmulator', 'toleranceSeconds', 'now', 'fetch']

/**
 * Checks everything about the options that needs no cryptography.
 *
 * @param where What the options belong to, for messages
 * @returns The tolerance, in seconds
 * @throws WebhookConfigError `option_invalid`
 */
export function checkVerifyOptions(options: VerifyOptions, where: string): number {
  checkNames(options, NAMES, where)
  const { secrets, jwks, jwt, now, fetch, allowEmulator } = options
  if (secrets === undefined && jwks === undefined) {
    throw invalid(`${where} has neither secrets nor jwks to verify with; is a variable not set?`)
  }
  if (jwks !== undefined) checkJwks(jwks)
  if (jwt !== undefined) checkJwt(jwt)
  if (jwt !== undefined && jwks === undefined) throw invalid('jwt needs jwks to verify with')
  checkFunction('now', now)
  checkFunction('fetch', fetch)
  checkTrue('allowEmulator', allowEmulator)
  return wholeNumber('toleranceSeconds', options.toleranceSeconds, 300)
}

function checkJwks(jwks: unknown): void {
  if (typeof jwks === 'string' || jwks instanceof URL) parseJwksUrl(jwks)
  else if (typeof jwks !== 'object' || jwks === null || !('reload' in jwks || 'keys' in jwks)) {
    throw invalid('jwks must be a URL, a key set, or made with createJwks()')
  }
}

function checkJwt(jwt: JwtOptions): void {
  checkNames(jwt, ['audience', 'issuer', 'allowUnboundBody'], 'jwt')
  const { audience, issuer, allowUnboundBody } = jwt
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (!isText(audience)) throw invalid('jwt needs an audience')
  if (issuer !== undefined && !isText(issuer)) throw invalid('jwt.issuer must be a text that is not empty')
  checkTrue('jwt.allowUnboundBody', allowUnboundBody)
}
