export type { SecretFormat } from './lib/schemes/secrets.ts'
export { type SignedMessage, type SigningKey, signDynamic, signStatic } from './lib/schemes/sign.ts'
