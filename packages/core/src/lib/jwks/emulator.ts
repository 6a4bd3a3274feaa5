import { isProduction, readVariable } from '../shared/environment.ts'
import { invalid } from '../shared/options.ts'
import { isLoopback, toPublicUrl } from './jwks-url.ts'

/** Whether the emulator's keys are accepted: outside production, or with `allowEmulator`. */
export function acceptsEmulator(allowEmulator: true | undefined): boolean {
  return allowEmulator === true || !isProduction()
}

/**
 * Refuses a loopback URL in production, where it is probably a leftover development setting.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkKeySource(url: URL, emulator: boolean): void {
  if (emulator || !isLoopback(url)) return
  throw invalid(
    'jwks is a loopback URL although NODE_ENV is production; remove it, or set allowEmulator: true if it is intended',
  )
}

/**
 * Returns a warning if the SDK is configured for an emulator while the receiver uses Google's keys, with which the
 * emulator's deliveries do not verify; otherwise `undefined`.
 */
export function doubtDefaultKeys(): string | undefined {
  const baseUrl = readVariable('GOOGLE_GEMINI_BASE_URL')
  if (baseUrl === undefined || !URL.canParse(baseUrl) || !isLoopback(new URL(baseUrl))) return undefined
  const jwks = new URL('/.well-known/jwks.json', baseUrl)
  return `GOOGLE_GEMINI_BASE_URL is an emulator, but dynamic.jwks is not set: its deliveries do not verify with Google's keys. Set jwks to ${toPublicUrl(jwks)}`
}
