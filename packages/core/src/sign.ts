/**
 * Signs deliveries as Google does, for tests and emulators. A receiver never loads it.
 *
 * @module
 */

export type { SecretFormat } from './lib/schemes/secrets.ts'
export { type SignedMessage, type SigningKey, signDynamic, signStatic } from './lib/schemes/sign.ts'
