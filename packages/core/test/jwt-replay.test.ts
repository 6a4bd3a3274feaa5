import { describe, expect, test } from 'vitest'
import { toCanonicalJson } from '../src/lib/shared/canonical-json.ts'
import { AUDIENCE, RSA_JWKS, signToken, toClaims, verifyJwt, withToken } from './jwt-support.ts'
import { codeOf, createWatched } from './support.ts'

const EVENT = {
  type: 'batch.succeeded',
  data: { id: 'batches/one', count: 100, share: 0.5, path: 'a/b', name: 'é✓' },
}
const TEXT = JSON.stringify(EVENT)
const TOKEN = signToken({ claims: toClaims(EVENT) })

/** The character as a JSON escape. */
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A hundred texts that parse to the same event. */
function respell(): string[] {
  const reversed = JSON.stringify({
    data: Object.fromEntries(Object.entries(EVENT.data).reverse()),
    type: EVENT.type,
  })
  const numbers = [
    ...['1e2', '1E2', '1e+2', '100.0', '10e1', '1000e-1', '0.1e3'].map((n) => TEXT.replace('100', n)),
    ...['5e-1', '0.50', '0.500', '5E-1', '50e-2'].map((n) => TEXT.replace('0.5', n)),
  ]
  const escapes = [...'batch.suedipolnmr'].map((character) => TEXT.replaceAll(character, escaped(character)))
  const plain = [TEXT, reversed, ...numbers, TEXT.replaceAll('/', '\\/'), TEXT.replace('é', '\\u00e9')]
  const spaced = Array.from({ length: 80 }, (_, n) => `${' '.repeat(n)}${TEXT}${'\n'.repeat(n % 7)}`)
  return [...new Set([...plain, JSON.stringify(EVENT, null, 2), ...escapes, ...spaced])].slice(0, 100)
}

/** Spellings of the token whose signature has the same bytes, or the same bytes to a lenient decoder. */
const respellToken = () => {
  const last = TOKEN.at(-1)!
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const index = alphabet.indexOf(last)
  return [TOKEN, `${TOKEN}=`, `${TOKEN}==`, `${TOKEN.slice(0, -1)}${alphabet[index ^ 1]}`]
}

describe('one token', () => {
  test('runs its handler once, however its body is spelled and its delivery is named', async () => {
    const { receiver } = createWatched({
      dynamic: { allowAnyJob: true, jwks: RSA_JWKS, jwt: { audience: AUDIENCE } },
    })
    let runs = 0
    receiver.on('*', () => {
      runs++
    })
    const spellings = respell()
    expect(new Set(spellings).size).toBe(100)
    const tokens = respellToken()
    for (const [index, body] of spellings.entries()) {
      const token = tokens[index % tokens.length]!
      const { status } = await receiver.receive(withToken(token, { body, id: `msg_${index}` }))
      // A token respelled so that its signature no longer decodes may be refused; it must not be handled again.
      expect([200, 401]).toContain(status)
    }
    expect(runs).toBe(1)
  })

  test.each<[string, string]>([
    ['a repeated key', TEXT.replace('{', '{"type":"batch.failed",')],
    ['a repeated key inside', TEXT.replace('"id":', '"id":"batches/two","id":')],
    ['a key that reaches a prototype', TEXT.replace('"id":', '"__proto__":{},"id":')],
    ['other content', TEXT.replace('batches/one', 'batches/two')],
    ['a name in another normal form', TEXT.replace('é', 'e\u0301')],
  ])('does not cover a body with %s', async (_, body) => {
    expect(await codeOf(verifyJwt(withToken(TOKEN, { body })))).toBe('jwt_body_unbound')
  })

  test('does not cover a number that JSON cannot hold, which many spellings would match', async () => {
    const token = signToken({ claims: `${JSON.stringify(toClaims()).slice(0, -1)},"n":1e400}` })
    expect(await codeOf(verifyJwt(withToken(token, { body: '{"n":1e999}' })))).toBe('jwt_body_unbound')
  })
})

test.each<[unknown, string | undefined]>([
  [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
  [{ a: { d: 1, c: -0 } }, '{"a":{"c":0,"d":1}}'],
  ['\ud800é/', '"\\ud800é/"'],
  [{}, '{}'],
  [[], '[]'],
  [{ a: Number.POSITIVE_INFINITY }, undefined],
])('the canonical text of %j is %s', (value, expected) => {
  expect(toCanonicalJson(value)).toBe(expected)
})
