import { isProduction } from '../shared/environment.ts'
import { invalid } from '../shared/options.ts'
import { isLoopback } from './jwks-url.ts'

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
