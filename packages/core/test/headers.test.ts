import { type HeadersLike, verifyWebhook } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { readHeaders } from '../src/lib/http/headers.ts'
import { codeOf, ID, NOW, SECRET, staticDelivery } from './support.ts'

const NAMES = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
const genuine = staticDelivery()

const verify = (headers: HeadersLike, delivery = genuine) =>
  verifyWebhook({ headers, body: delivery.body }, { secrets: SECRET, now: () => NOW })

const verifyId = (id: string) => {
  const delivery = staticDelivery({ id })
  return verify(delivery.headers, delivery)
}

describe('a genuine delivery verifies whatever shape its headers have', () => {
  test.each<[string, HeadersLike]>([
    ['a record in lower case', genuine.headers],
    ['a Headers object', new Headers(genuine.headers)],
    ['a record in any case', rename((name) => name.toUpperCase())],
    ['a record in the case seen live', { ...rename((name) => name.replace('webhook', 'Webhook')) }],
    ['arrays of one', mapValues((value) => [value])],
    ['a record without a prototype', Object.assign(Object.create(null), genuine.headers)],
    ['a frozen record beside strangers', Object.freeze({ ...genuine.headers, host: 'x', cookie: undefined })],
  ])('%s', async (_, headers) => {
    await expect(verify(headers)).resolves.toMatchObject({ id: ID, scheme: 'static' })
  })
})

describe.each(NAMES)('%s', (name) => {
  test.each<[string, string | readonly string[] | undefined]>([
    ['absent', undefined],
    ['empty', ''],
    ['an empty list', []],
    ['a list of an empty text', ['']],
    ['spaces and tabs', ' \t '],
    ['a list of a space', [' ']],
  ])('%s is header_missing', async (_, value) => {
    expect(await codeOf(verify(withHeader(name, value)))).toBe('header_missing')
  })

  test('absent from a Headers object is header_missing', async () => {
    const headers = new Headers(genuine.headers)
    headers.delete(name)
    expect(await codeOf(verify(headers))).toBe('header_missing')
  })

  test.each([' ', '\t', ' \t \t'])('with %j around it is read without it', async (space) => {
    const padded = `${space}${genuine.headers[name]}${space}`
    await expect(verify(withHeader(name, padded))).resolves.toMatchObject({ id: ID })
    await expect(verify(withHeader(name, [padded]))).resolves.toMatchObject({ id: ID })
  })

  test.each(['\n', '\r', '\v', '\f', '\u00a0', '\ufeff'])(
    'with %j at its end is refused',
    async (character) => {
      expect(await codeOf(verify(withHeader(name, `${genuine.headers[name]}${character}`)))).toMatch(
        /_malformed$|^signature_invalid$/,
      )
    },
  )

  test.each<[string, unknown]>([
    ['a number', 5],
    ['an object', {}],
    ['true', true],
    ['a list of a number', [5]],
  ])('that is %s is header_malformed', async (_, value) => {
    expect(await codeOf(verify(withHeader(name, value)))).toBe('header_malformed')
  })

  test.each<[string, (value: string) => unknown]>([
    ['as a list', (value) => [value, value]],
    ['joined by the runtime', (value) => `${value}, ${value}`],
  ])('sent twice, %s, is header_duplicate', async (_, twice) => {
    expect(await codeOf(verify(withHeader(name, twice(genuine.headers[name]!))))).toBe('header_duplicate')
  })

  test('sent twice in two spellings is header_duplicate', async () => {
    const headers = {
      ...withHeader(name, undefined),
      [name.toUpperCase()]: genuine.headers[name],
      [name.replace('w', 'W')]: genuine.headers[name],
    }
    expect(await codeOf(verify(headers))).toBe('header_duplicate')
  })

  test('appended twice to a Headers object is header_duplicate', async () => {
    const headers = new Headers(genuine.headers)
    headers.append(name, genuine.headers[name]!)
    expect(await codeOf(verify(headers))).toBe('header_duplicate')
  })
})

describe('webhook-id', () => {
  test.each([
    ['one character', 'x'],
    ['256 characters', 'i'.repeat(256)],
    ['every visible ASCII character but dot and comma', '!"#$%&\'()*+-/09:;<=>?@AZ[\\]^_`az{|}~'],
  ])('of %s is accepted', async (_, id) => {
    await expect(verifyId(id)).resolves.toMatchObject({ id })
  })

  test.each([
    ['a dot, which would let fields shift', 'msg.1795219200'],
    ['a space', 'msg one'],
    ['a tab', 'msg\tone'],
    ['a line feed at its end', 'msg\n'],
    ['a NUL', 'msg\0'],
    ['a delete character', 'msg\x7f'],
    ['a Latin-1 letter', 'msg_é'],
    ['a full-width letter', 'ｍsg'],
    ['257 characters', 'i'.repeat(257)],
  ])('with %s is id_malformed', async (_, id) => {
    expect(await codeOf(verifyId(id))).toBe('id_malformed')
  })

  test('with a comma counts as a duplicate', async () => {
    expect(await codeOf(verifyId('msg,one'))).toBe('header_duplicate')
  })
})

describe('unusual header names', () => {
  test.each(['__proto__', 'constructor', 'toString', 'get', 'hasOwnProperty', 'then'])(
    'a header named %s changes nothing',
    async (name) => {
      const headers = Object.fromEntries([[name, 'x'], ...Object.entries(genuine.headers)])
      await expect(verify(headers)).resolves.toMatchObject({ id: ID })
    },
  )

  test('no header is taken from a record that has none', () => {
    expect(readHeaders({})).toMatchObject({ refused: 'header_missing' })
  })

  test('header names of other senders do not replace ours', async () => {
    const headers = rename((name) => name.replace('webhook', 'svix'))
    expect(await codeOf(verify(headers))).toBe('header_missing')
  })
})

function withHeader(name: string, value: unknown): HeadersLike {
  return { ...genuine.headers, [name]: value } as HeadersLike
}

function rename(to: (name: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(genuine.headers).map(([name, value]) => [to(name), value]))
}

function mapValues<T>(to: (value: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(genuine.headers).map(([name, value]) => [name, to(value)]))
}
