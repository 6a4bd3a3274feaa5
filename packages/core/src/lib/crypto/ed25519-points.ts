import { toHex } from '../shared/bytes.ts'

// Public keys of small order, by the little-endian y coordinate with the sign bit cleared. Under each of them
// signatures can be made without a private key, and the platforms' verifiers accept them.
// https://eprint.iacr.org/2020/1244 (table of the torsion points)
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
])

/** Whether bytes are a public key that only its owner can sign for: canonically encoded and of large order. */
export function isSafePublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = new Uint8Array(bytes)
  y[31]! &= 0x7f
  return isReduced(y) && !SMALL_ORDER_Y.has(toHex(y))
}

/** Whether y is below the field's prime 2^255 - 19: each point then has one encoding. */
function isReduced(y: Uint8Array): boolean {
  if (y[31] !== 0x7f || y[0]! < 0xed) return true
  return y.subarray(1, 31).some((byte) => byte !== 0xff)
}
