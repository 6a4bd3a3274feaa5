import { describe, expect, test } from 'vitest'
import { primitives as node } from '../src/lib/crypto/node.ts'
import { primitives as webcrypto } from '../src/lib/crypto/webcrypto.ts'

const CONTENT = { id: 'msg_1', timestamp: '1763772222', body: new TextEncoder().encode('{}') }

describe.each([
  ['node:crypto', node],
  ['WebCrypto', webcrypto],
])('the primitives on %s', (_, primitives) => {
  test.each([
    ['an umlaut', 'é'],
    ['a character beyond Latin-1', '\u013d'],
    ['half of a pair', '\ud800'],
    ['nothing', ''],
    ['one character more', '=='],
  ])('refuse a signature whose last character is replaced by %s, after they accepted it', async (_, end) => {
    const key = await primitives.importHmacKey(new Uint8Array(32).fill(7))
    const good = await primitives.signHmac(key, CONTENT)
    const bad = good.slice(0, -1) + end
    expect(await primitives.verifyHmac(key, CONTENT, [good])).toBe(true)
    expect(await primitives.verifyHmac(key, CONTENT, [bad])).toBe(false)
    expect(await primitives.verifyHmac(key, CONTENT, [bad, good])).toBe(true)
    expect(await primitives.verifyHmac(key, CONTENT, [good, bad])).toBe(true)
  })
})
