import { toHex } from '../shared/bytes.ts'

// The y coordinates, little-endian and without the sign bit, of public keys of small order. Signatures for them can be
// forged without a private key, and the platforms' verifiers accept those.
// https://eprint.iacr.org/2020/1244 (table of the torsion points)
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
])

/** Whether an Ed25519 public key is safe to use: 32 bytes, canonically encoded, and not of small order. */
export function isSafePublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = new Uint8Array(bytes)
  y[31]! &= 0x7f
  return isReduced(y) && !SMALL_ORDER_Y.has(toHex(y))
}

/** Whether y is less than the field prime 2^255 - 19, as in a canonical encoding. */
function isReduced(y: Uint8Array): boolean {
  if (y[31] !== 0x7f || y[0]! < 0xed) return true
  return y.subarray(1, 31).some((byte) => byte !== 0xff)
}
