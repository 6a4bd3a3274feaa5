import { isProduction, readVariable } from '../shared/environment.ts'
import { invalid } from '../shared/options.ts'
import { isLoopback, toPublicUrl } from './jwks-url.ts'

/** Whether keys of the emulator are accepted: everywhere but in production, and there if the caller says so. */
export function acceptsEmulator(allowEmulator: true | undefined): boolean {
  return allowEmulator === true || !isProduction()
}

/**
 * Refuses keys from this machine in production, where they are a forgotten setting of development.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkKeySource(url: URL, emulator: boolean): void {
  if (emulator || !isLoopback(url)) return
  throw invalid(
    'jwks is a loopback URL although NODE_ENV is production; remove it, or set allowEmulator: true if it is meant',
  )
}

/**
 * Why deliveries may not verify although Google's keys are the default: the SDK talks to an emulator, which signs
 * with keys of its own.
 */
export function doubtDefaultKeys(): string | undefined {
  const baseUrl = readVariable('GOOGLE_GEMINI_BASE_URL')
  if (baseUrl === undefined || !URL.canParse(baseUrl) || !isLoopback(new URL(baseUrl))) return undefined
  const jwks = new URL('/.well-known/jwks.json', baseUrl)
  return `GOOGLE_GEMINI_BASE_URL is an emulator, but dynamic.jwks is not set: its deliveries do not verify with Google's keys. Set jwks to ${toPublicUrl(jwks)}`
}
