// The few functions that core uses, declared here so that core does not depend on Node's types.
declare module 'node:crypto' {
  interface KeyObject {
    readonly type: string
  }
  interface Hmac {
    update(data: string, encoding: 'latin1'): Hmac
    update(data: Uint8Array): Hmac
    digest(encoding: 'base64'): string
  }
  interface Hash {
    update(data: string | Uint8Array): Hash
    digest(): Uint8Array
    digest(encoding: 'hex'): string
  }
  function createSecretKey(key: Uint8Array): KeyObject
  function createPublicKey(key: { key: Record<string, string>; format: 'jwk' }): KeyObject
  function createHmac(algorithm: 'sha256', key: KeyObject): Hmac
  function createHash(algorithm: 'sha256'): Hash
  function hash(algorithm: 'sha256', data: string | Uint8Array, encoding: 'binary' | 'base64' | 'hex'): string
  function hash(algorithm: 'sha256', data: Uint8Array, encoding: 'buffer'): Uint8Array
  function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean
  function verify(algorithm: null, data: Uint8Array, key: KeyObject, signature: Uint8Array): boolean
}

declare module 'node:buffer' {
  class Buffer extends Uint8Array<ArrayBuffer> {
    static alloc(bytes: number): Buffer
    write(text: string, offset: number, encoding: 'latin1'): number
  }
}
