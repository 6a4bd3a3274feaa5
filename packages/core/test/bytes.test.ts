import { expect, test } from 'vitest'
import { fromBase64 } from '../src/lib/shared/bytes.ts'

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/']

test('base64 is decoded if it is what an encoder writes, whatever its last characters are', () => {
  const ends = ALPHABET.flatMap((a) =>
    ALPHABET.flatMap((b) => [`${a}${b}==`, `${a}${b}=`, `A${a}${b}=`, a + b]),
  )
  for (const text of ['', ...ends, ...ends.map((end) => `AAAA${end}`), '====', 'AAA ', 'AA\n=', 'AA==AA==']) {
    const bytes = Buffer.from(text, 'base64')
    const expected = bytes.toString('base64') === text ? [...bytes] : undefined
    expect([text, fromBase64(text) && [...fromBase64(text)!]]).toEqual([text, expected])
  }
})
