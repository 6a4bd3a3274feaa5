import {
  createMemoryQueue,
  createReceiver,
  type JwtOptions,
  type ReceiverOptions,
  verifyWebhook,
} from '@gwh/core'
import { describe, expect, test } from 'vitest'
import {
  AUDIENCE,
  jwtDelivery,
  RSA_JWKS,
  sha256,
  signToken,
  type TokenParts,
  toClaims,
  verifyJwt,
  withToken,
} from './jwt-support.ts'
import {
  codeOf,
  createFakeClock,
  createWatched,
  EVENT,
  NOW,
  NOW_SECONDS,
  SECRET,
  toMessage,
} from './support.ts'

const BODY_HASH = sha256(toMessage().body)
const ISSUER = 'https://generativelanguage.googleapis.com'
const bound = (more: object = {}) => toClaims({ body_sha256: BODY_HASH, ...more })
const without = (name: string) => Object.fromEntries(Object.entries(bound()).filter(([key]) => key !== name))
const writing = (name: string, json: string) =>
  JSON.stringify(bound({ [name]: 'placeholder' })).replace('"placeholder"', json)
const codeFor = (claims: TokenParts['claims'], jwt: Partial<JwtOptions> = {}) =>
  codeOf(verifyJwt(jwtDelivery({ claims: claims! }), { jwt }))

describe('jwt is option_invalid with', () => {
  test.each<[string, object]>([
    ['no audience', {}],
    ['an empty audience', { audience: '' }],
    ['an empty issuer', { audience: AUDIENCE, issuer: '' }],
    ['a misspelt issuer', { audience: AUDIENCE, isuer: 'x' }],
    ['allowUnboundBody as text', { audience: AUDIENCE, allowUnboundBody: 'false' }],
  ])('%s', (_, jwt) => {
    const create = () => createReceiver({ dynamic: { allowAnyJob: true, jwt: jwt as JwtOptions } })
    expect(create).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })

  test('no key set to verify with', async () => {
    const options = { secrets: SECRET, jwt: { audience: AUDIENCE } }
    expect(await codeOf(verifyWebhook(jwtDelivery(), options))).toBe('option_invalid')
  })
})

describe('a claim that is missing, wrong or out of time is jwt_claims', () => {
  test.each<[string, TokenParts['claims']]>([
    ['no aud', without('aud')],
    ['an aud of another receiver', bound({ aud: 'https://other.example' })],
    ['an aud in another case', bound({ aud: AUDIENCE.toUpperCase() })],
    ['an aud with a trailing slash', bound({ aud: `${AUDIENCE}/` })],
    ['an aud that is a list with the right one', bound({ aud: [AUDIENCE] })],
    ['no exp', without('exp')],
    ['no iat', without('iat')],
    ['exp as text', bound({ exp: String(NOW_SECONDS + 300) })],
    ['iat as text', bound({ iat: String(NOW_SECONDS) })],
    ['exp null', bound({ exp: null })],
    ['exp 1e400, which reads as Infinity', writing('exp', '1e400')],
    ['iat 1e400', writing('iat', '1e400')],
    ['iat -1e400', writing('iat', '-1e400')],
    ['a fraction of a second', bound({ iat: NOW_SECONDS - 0.5 })],
    ['exp zero', bound({ exp: 0 })],
    ['exp in the far future', bound({ exp: 99_999_999_999 })],
    ['a life of an hour and a second', bound({ exp: NOW_SECONDS + 3601 })],
    ['exp before iat', bound({ iat: NOW_SECONDS + 60, exp: NOW_SECONDS + 30 })],
    ['expired a second ago', bound({ iat: NOW_SECONDS - 60, exp: NOW_SECONDS - 1 })],
    ['nbf after the tolerance', bound({ nbf: NOW_SECONDS + 301 })],
    ['issued too late', bound({ iat: NOW_SECONDS + 301, exp: NOW_SECONDS + 600, nbf: NOW_SECONDS })],
    ['nbf as text', bound({ nbf: 'now' })],
  ])('%s', async (_, claims) => {
    expect(await codeFor(claims)).toBe('jwt_claims')
  })

  test.each<[string, object]>([
    ['a life of exactly an hour', bound({ exp: NOW_SECONDS + 3600 })],
    ['the second in which it expires', bound({ iat: NOW_SECONDS - 60, exp: NOW_SECONDS })],
    ['nbf at the tolerance', bound({ nbf: NOW_SECONDS + 300 })],
    ['an issuer when none is configured', bound({ iss: 'https://other.example' })],
    ['the other registered claims', bound({ sub: 'x', jti: 'y' })],
  ])('%s is fine', async (_, claims) => {
    await expect(verifyJwt(jwtDelivery({ claims }))).resolves.toMatchObject({ jwt: { bodyBound: true } })
  })

  test.each([
    [-301, 'refused'],
    [-300, 'accepted'],
    [-299, 'accepted'],
    [299, 'accepted'],
    [300, 'accepted'],
    [301, 'refused'],
  ])('issued %i s away from now is %s', async (seconds, verdict) => {
    const claims = bound({ iat: NOW_SECONDS + seconds, exp: NOW_SECONDS + 600 })
    const outcome = await verifyJwt(jwtDelivery({ claims })).then(
      () => 'accepted',
      ({ code }) => (code === 'jwt_claims' ? 'refused' : code),
    )
    expect(outcome).toBe(verdict)
  })

  test('a clock that answers NaN refuses', async () => {
    expect(await codeOf(verifyJwt(jwtDelivery(), { now: () => Number.NaN }))).toBe('timestamp_too_old')
  })

  test('iss must be the issuer, if one is configured', async () => {
    const jwt = { issuer: ISSUER }
    await expect(verifyJwt(jwtDelivery({ claims: bound({ iss: ISSUER }) }), { jwt })).resolves.toBeDefined()
    for (const iss of ['https://other.example', [ISSUER], null]) {
      expect(await codeFor(bound({ iss }), jwt)).toBe('jwt_claims')
    }
    expect(await codeFor(bound(), jwt)).toBe('jwt_claims')
  })
})

describe('the token must be bound to the body', () => {
  const [{ type, data }, { id, output_file_uri }] = [EVENT, EVENT.data]
  const otherOrder = { data: { output_file_uri, id }, type }

  test.each<[string, object]>([
    ['by its hash', { body_sha256: BODY_HASH }],
    ['by claims that say the same', { type, data }],
    ['by claims that say the same in another order', otherOrder],
  ])('%s', async (_, more) => {
    const verified = await verifyJwt(jwtDelivery({ claims: toClaims(more) }))
    expect(verified.jwt).toEqual({ bodyBound: true })
  })

  test.each<[string, object]>([
    ['nothing', {}],
    ['the hash of another body', { body_sha256: sha256('{}') }],
    ['its hash in upper case', { body_sha256: BODY_HASH.toUpperCase() }],
    ['a hash that is no text', { body_sha256: null }],
    ['another hash, whatever its claims say', { body_sha256: sha256('{}'), type, data }],
    ['a part of it', { type }],
    ['more than it', { type, data, version: 'v1' }],
    ['a different value', { type, data: { ...data, id: 'batches/two' } }],
    ['a list for an object', { type, data: [] }],
    ['null for an object', { type, data: null }],
  ])('and one that says %s is jwt_body_unbound', async (_, more) => {
    expect(await codeFor(toClaims(more))).toBe('jwt_body_unbound')
  })

  test.each<[string, object, object]>([
    ['a list is not an empty object', { type, data: {} }, { type, data: [] }],
    ['no claims are not the same as an empty body', {}, {}],
  ])('%s', async (_, body, more) => {
    expect(await codeOf(verifyJwt(jwtDelivery({ body, claims: toClaims(more) })))).toBe('jwt_body_unbound')
  })

  test('so another body under a genuine token is refused', async () => {
    for (const more of [{ body_sha256: BODY_HASH }, { type, data }]) {
      const swapped = withToken(signToken({ claims: toClaims(more) }), { body: { type, data: {} } })
      expect(await codeOf(verifyJwt(swapped))).toBe('jwt_body_unbound')
    }
  })
})

const jwt: JwtOptions = { audience: AUDIENCE, allowUnboundBody: true }
const watch = (options: Partial<ReceiverOptions> = {}) =>
  createWatched({ dynamic: { allowAnyJob: true, jwks: RSA_JWKS, jwt }, ...options })
const ACCEPTED = { status: 200, body: '{"status":"accepted"}' }
const DUPLICATE = { status: 200, body: '{"status":"duplicate"}' }

describe('with allowUnboundBody handlers see whether the token is bound to the body', () => {
  const modes: [string, (clock: ReturnType<typeof createFakeClock>) => Partial<ReceiverOptions>][] = [
    ['inline', () => ({})],
    ['from a queue', (clock) => ({ clock, now: clock.now, queue: createMemoryQueue({ clock }) })],
  ]
  describe.each(modes)('%s', (mode, toOptions) => {
    test.each<[string, object, boolean]>([
      ['a bound one', { body_sha256: BODY_HASH }, true],
      ['an unbound one', {}, false],
    ])('%s', async (_, more, bodyBound) => {
      const { receiver } = watch(toOptions(createFakeClock()))
      const seen: unknown[] = []
      receiver.on('*', (_, { delivery }) => seen.push(delivery.jwt))
      const answer = await receiver.receive(jwtDelivery({ claims: toClaims(more) }))
      if (mode !== 'inline') await receiver.drain()
      expect(answer).toMatchObject(ACCEPTED)
      expect(seen).toEqual([{ bodyBound }])
    })
  })
})

describe('an unbound token', () => {
  const token = signToken()
  const otherBody = { type: 'batch.failed', data: {} }

  test('with a second body is jwt_replay_body_mismatch, under its id or a new one', async () => {
    const { receiver, signals } = watch()
    await expect(receiver.receive(withToken(token))).resolves.toMatchObject(ACCEPTED)
    for (const id of ['msg_new', undefined]) {
      const answer = await receiver.receive(withToken(token, { body: otherBody, ...(id && { id }) }))
      expect(answer).toMatchObject({ status: 401, body: '{"error":"unauthorized"}' })
      expect(signals.at(-1)).toMatchObject({ type: 'refused', code: 'jwt_replay_body_mismatch' })
    }
  })

  test('with the same body is a duplicate, even under a new id', async () => {
    const { receiver } = watch()
    let handled = 0
    receiver.on('*', () => handled++)
    await expect(receiver.receive(withToken(token))).resolves.toMatchObject(ACCEPTED)
    await expect(receiver.receive(withToken(token))).resolves.toMatchObject(DUPLICATE)
    await expect(receiver.receive(withToken(token, { id: 'msg_new' }))).resolves.toMatchObject(DUPLICATE)
    expect(handled).toBe(1)
  })

  test('is the same token when its signature is spelled with other unread bits', async () => {
    const { receiver, signals } = watch()
    await receiver.receive(withToken(token))
    const respelled = token.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[token.at(-1)!]
    await receiver.receive(withToken(respelled, { body: otherBody }))
    expect(signals.at(-1)).toMatchObject({ code: 'jwt_replay_body_mismatch' })
  })

  test('is distinguished from another token for another body', async () => {
    const { receiver } = watch()
    await receiver.receive(withToken(token))
    const other = withToken(signToken({ claims: toClaims({ jti: 'two' }) }), { body: otherBody })
    await expect(receiver.receive(other)).resolves.toMatchObject(ACCEPTED)
  })

  test.each([300, 3600])(
    'is remembered for as long as it is accepted, %i s either side',
    async (tolerance) => {
      const iat = NOW_SECONDS + tolerance
      const longLived = signToken({ claims: toClaims({ iat, exp: iat + 3600 }) })
      const times = [NOW, (iat + tolerance) * 1000 + 999]
      const { receiver, signals } = watch({ toleranceSeconds: tolerance, now: () => times[0]! })
      const deliver = (body: object) =>
        receiver.receive(withToken(longLived, { timestamp: Math.floor(times[0]! / 1000), body }))
      await expect(deliver(EVENT)).resolves.toMatchObject(ACCEPTED)
      times.shift()
      await expect(deliver(otherBody)).resolves.toMatchObject({ status: 401 })
      expect(signals.at(-1)).toMatchObject({ code: 'jwt_replay_body_mismatch' })
    },
  )
})
