export type { SecretFormat } from './lib/secrets.ts'
export { type SignedMessage, type SigningKey, signDynamic, signStatic } from './lib/sign.ts'
