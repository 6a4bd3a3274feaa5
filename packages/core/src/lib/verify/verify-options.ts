import { parseJwksUrl } from '../jwks/jwks-url.ts'
import type { JwtOptions } from '../schemes/jwt-scheme.ts'
import type { SchemeOptions } from '../schemes/scheme.ts'
import { checkFunction, checkNames, checkTrue, invalid } from '../shared/options.ts'
import { toToleranceSeconds } from './replay-window.ts'

/** Options of `verifyWebhook` and `createVerifier`. At least one of `secrets` and `jwks` is required. */
export interface VerifyOptions extends SchemeOptions {
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

const NAMES = ['secrets', 'format', 'jwks', 'jwt', 'allowEmulator', 'toleranceSeconds', 'now', 'fetch']

/**
 * Checks the options, except for secrets and keys.
 *
 * @param where The function the options belong to, for messages
 * @returns The tolerance, in seconds
 * @throws WebhookConfigError `option_invalid`
 */
export function checkVerifyOptions(options: VerifyOptions, where: string): number {
  checkNames(options, NAMES, where)
  const { secrets, jwks, jwt, now, fetch, allowEmulator } = options
  if (secrets === undefined && jwks === undefined) {
    throw invalid(`${where} needs secrets or jwks; is a variable not set?`)
  }
  if (jwks !== undefined) checkJwks(jwks)
  if (jwt !== undefined) checkJwt(jwt)
  if (jwt !== undefined && jwks === undefined) throw invalid('jwt requires jwks')
  checkFunction('now', now)
  checkFunction('fetch', fetch)
  checkTrue('allowEmulator', allowEmulator)
  return toToleranceSeconds(options.toleranceSeconds)
}

function checkJwks(jwks: unknown): void {
  if (typeof jwks === 'string' || jwks instanceof URL) parseJwksUrl(jwks)
  else if (typeof jwks !== 'object' || jwks === null || !('reload' in jwks || 'keys' in jwks)) {
    throw invalid('jwks must be a URL, a key set, or the result of createJwks()')
  }
}

function checkJwt(jwt: JwtOptions): void {
  checkNames(jwt, ['audience', 'issuer', 'allowUnboundBody'], 'jwt')
  const { audience, issuer, allowUnboundBody } = jwt
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (!isText(audience)) throw invalid('jwt.audience must be a non-empty string')
  if (issuer !== undefined && !isText(issuer)) throw invalid('jwt.issuer must be a non-empty string')
  checkTrue('jwt.allowUnboundBody', allowUnboundBody)
}
