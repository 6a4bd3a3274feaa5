import { verifyWebhook } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { parseSignatures } from '../src/lib/schemes/signature-header.ts'
import {
  codeOf,
  JWKS,
  NOW,
  OTHER_SECRET,
  SECRET,
  signV1,
  signV1a,
  toHeaders,
  toMessage,
  vectors,
} from './support.ts'

// The vectors' message, because its digest has both characters that url-safe base64 spells differently.
const message = toMessage({ body: vectors.body })
const good = signV1(message)
const digest = good.slice('v1,'.length)
const wrong = signV1(message, OTHER_SECRET)

const verify = (signature: string) =>
  verifyWebhook(
    { headers: toHeaders(message, signature), body: message.body },
    { secrets: SECRET, now: () => NOW },
  )

describe('entries are sorted by scheme', () => {
  test('into v1, v1a, tokens and the names of unknown versions', () => {
    expect(parseSignatures('v1,aa v1a,bb v2,cc v1,dd eyJh.eyJi.c')).toEqual({
      v1: ['aa', 'dd'],
      v1a: ['bb'],
      jwt: ['eyJh.eyJi.c'],
      unknown: ['v2'],
    })
  })

  test.each(['V1,aa', ' ,aa', 'v1', 'v1;aa', 'v11,aa', 'v1b,aa', '=,='])('%j is no v1 entry', (header) => {
    expect(parseSignatures(header)).toMatchObject({ v1: [], v1a: [] })
  })
})

describe('one good entry is enough', () => {
  test.each<[string, string]>([
    ['alone', good],
    ['after one of another secret', `${wrong} ${good}`],
    ['before one of another secret', `${good} ${wrong}`],
    ['after an unknown version', `v2,${digest} ${good}`],
    ['after an entry without a comma', `v1 ${good}`],
    ['after one that is not base64', `v1,%%% ${good}`],
    ['after one that is truncated', `${good.slice(0, -8)} ${good}`],
    ['after one that is twice as long', `${good}${digest} ${good}`],
    ['after one with a comma too many', `v1,aa,bb ${good}`],
    ['between spaces', `  ${good}  `],
    ['as the last of sixteen', `${'v1,x '.repeat(15)}${good}`],
    ['beside a genuine v1a of an unconfigured scheme', `${signV1a(message)} ${good}`],
  ])('%s', async (_, signature) => {
    await expect(verify(signature)).resolves.toMatchObject({ scheme: 'static' })
  })
})

describe('an entry that only resembles the good one is signature_invalid', () => {
  // 43 characters carry 258 bits: the last one has two unused bits.
  const sibling = `${digest.slice(0, -2)}${nextInAlphabet(digest.at(-2)!)}=`
  test.each<[string, string]>([
    ['empty', 'v1,'],
    ['cut by one character', good.slice(0, -1)],
    ['without its padding', good.replace('=', '')],
    ['with padding twice', `${good}=`],
    ['a prefix', good.slice(0, 20)],
    ['with its unread bits set', `v1,${sibling}`],
    ['in url-safe base64', `v1,${digest.replaceAll('+', '-').replaceAll('/', '_')}`],
    ['in hex', `v1,${Buffer.from(digest, 'base64').toString('hex')}`],
    ['in another case', `v1,${digest.toLowerCase()}`],
    ['with characters that are equal modulo 256', `v1,${shiftCodes(digest)}`],
    ['joined to a second one by a comma alone', `${good},${good}`],
  ])('%s', async (_, signature) => {
    expect(signature).not.toBe(good)
    expect(await codeOf(verify(signature))).toBe('signature_invalid')
  })

  test('the entry with its unread bits set does decode to the right digest', () => {
    expect(Buffer.from(sibling, 'base64')).toEqual(Buffer.from(digest, 'base64'))
  })
})

test('the right digest under another version is scheme_unsupported', async () => {
  expect(await codeOf(verify(`v2,${digest}`))).toBe('scheme_unsupported')
  expect(await codeOf(verify(digest))).toBe('scheme_unsupported')
})

describe('the cost of a header is bounded', () => {
  test.each<[string, string]>([
    ['seventeen entries', `${'v1,x '.repeat(16)}${good}`],
    ['five v1a entries', `${'v1a,x '.repeat(5)}${good}`],
    ['8193 characters', `${good} v2,`.padEnd(8193, 'x')],
    ['seventeen entries, those between made of nothing', `${good}${' '.repeat(16)}v2,x`],
  ])('%s are signature_malformed', async (_, signature) => {
    expect(await codeOf(verify(signature))).toBe('signature_malformed')
  })

  test.each<[string, string]>([
    ['sixteen entries', `${'v1,x '.repeat(15)}${good}`],
    ['four v1a entries', `${'v1a,x '.repeat(4)}${good}`],
    ['8192 characters', `${good} v2,`.padEnd(8192, 'x')],
  ])('%s are not', async (_, signature) => {
    await expect(verify(signature)).resolves.toBeDefined()
  })
})

test('lists of v1a entries are read like lists of v1 entries', async () => {
  const forged = `v1a,${Buffer.alloc(64, 1).toString('base64')}`
  const delivery = {
    headers: toHeaders(message, `${forged} v1a,? v9,x ${signV1a(message)}`),
    body: message.body,
  }
  await expect(verifyWebhook(delivery, { jwks: JWKS, now: () => NOW })).resolves.toMatchObject({
    scheme: 'dynamic',
  })
})

function nextInAlphabet(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return alphabet[alphabet.indexOf(character) + 1]!
}

function shiftCodes(text: string): string {
  return Array.from(text, (character) => String.fromCharCode(character.charCodeAt(0) + 256)).join('')
}
