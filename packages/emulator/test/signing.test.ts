import { expect, test } from 'vitest'
import type { EmulatorOptions } from '../src/index.ts'
import { createEmulator } from '../src/index.ts'
import { startCoreReceiver } from './core-receiver.ts'
import {
  call,
  createTestEmulator,
  expectedV1,
  register,
  startEmulator,
  startReceiver,
  temporaryFolder,
  verifyingKids,
} from './support.ts'

const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

const jwksOf = async (url: string) => (await fetch(`${url}/.well-known/jwks.json`)).json()

/** The parts of a compact token, decoded. */
function decode(token: string) {
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  return { header: JSON.parse(header!), claims: JSON.parse(claims!) }
}

test.each([
  [{ signing: 'jwt' }, { audience: 'gwh-emulator' }],
  [
    { signing: 'jwt', jwt: { audience: 'mine', issuer: 'https://issuer.example' } },
    { audience: 'mine', issuer: 'https://issuer.example' },
  ],
  [{ signing: 'both' }, { audience: 'gwh-emulator' }],
  [{ signing: 'both' }, undefined],
  [{ signing: 'v1a' }, undefined],
] as const)('what %j signs is accepted by a receiver with jwt %j', async (options, jwt) => {
  const { emulator, url } = await startEmulator(options as EmulatorOptions)
  const receiver = await startCoreReceiver({
    dynamic: { jwks: `${url}/.well-known/jwks.json`, allowAnyJob: true, ...(jwt && { jwt }) },
    now: () => emulator.clock.now(),
  })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  expect(receiver.outcomes).toEqual(['accepted'])
})

test('a token names its key and carries the event, and has the claims of the options', async () => {
  const { emulator, url } = await startEmulator({ signing: 'jwt', jwt: { audience: 'mine' } })
  const receiver = await startReceiver()
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]]
  const { header, claims } = decode(headers['webhook-signature']!)
  const iat = Number(headers['webhook-timestamp'])
  expect(header).toMatchObject({ alg: 'RS256' })
  expect(claims).toEqual({
    ...JSON.parse(body),
    iss: 'https://generativelanguage.googleapis.com',
    aud: 'mine',
    iat,
    exp: iat + 300,
    jti: headers['webhook-id'],
  })
  const { keys } = await jwksOf(url)
  expect(keys.map(({ kty, alg }: Record<string, string>) => [kty, alg])).toEqual(
    Array(3).fill(['RSA', 'RS256']),
  )
  expect(keys.map(({ kid }: { kid: string }) => kid)).toContain(header.kid)
})

test('both signatures are in one header', async () => {
  const { emulator, url } = await startEmulator({ signing: 'both' })
  const receiver = await startReceiver()
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  const entries = receiver.received[0]!.headers['webhook-signature']!.split(' ')
  expect(entries.map((entry) => entry.slice(0, 4))).toEqual(['v1a,', 'eyJh'])
  const { keys } = await jwksOf(url)
  expect(keys.map(({ kty }: { kty: string }) => kty).sort()).toEqual([
    ...Array(3).fill('OKP'),
    ...Array(3).fill('RSA'),
  ])
})

test('every key has the prefix by which a receiver in production refuses it, also after rotations', async () => {
  const { emulator, url } = await startEmulator({ signing: 'both' })
  for (let rotation = 0; rotation < 3; rotation += 1) await emulator.rotateKeys()
  const { keys } = await jwksOf(url)
  expect(keys).toHaveLength(6)
  for (const { kid, d } of keys)
    expect([kid, d]).toEqual([expect.stringMatching(/^gwh-emulator-/), undefined])
})

test('the JWKS says how long it may be kept', async () => {
  const { url } = await startEmulator()
  const { headers } = await fetch(`${url}/.well-known/jwks.json`)
  expect(headers.get('cache-control')).toContain('max-age=3600')
})

test('a rotation lets a key sign that was published before, and keeps the one that signed', async () => {
  const { emulator, url } = await startEmulator()
  const receiver = await startReceiver()
  const before = await jwksOf(url)
  const send = async () => {
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.idle()
    return receiver.received.at(-1)!
  }
  const first = await send()
  await emulator.rotateKeys()
  const second = await send()
  const after = await jwksOf(url)
  expect(verifyingKids(first, before)).not.toEqual(verifyingKids(second, before))
  expect([verifyingKids(second, before), verifyingKids(first, after)].flat()).toHaveLength(2)
  await emulator.rotateKeys()
  const third = await send()
  expect(verifyingKids(third, before)).toEqual([])
  expect(verifyingKids(third, after)).toHaveLength(1)
  expect(verifyingKids(first, await jwksOf(url))).toEqual([])
})

test('a receiver that keeps a JWKS accepts what is signed after a rotation', async () => {
  const { emulator, url } = await startEmulator()
  const receiver = await startCoreReceiver({
    dynamic: { jwks: `${url}/.well-known/jwks.json`, allowAnyJob: true },
    now: () => emulator.clock.now(),
  })
  for (let count = 0; count < 2; count += 1) {
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.idle()
    // From now on, only what it has.
    emulator.faults.add({ fault: 'jwks_down' })
    await emulator.rotateKeys()
  }
  expect(receiver.outcomes).toEqual(['accepted', 'accepted'])
})

test('two rotations at once are two rotations', async () => {
  const { emulator, url } = await startEmulator()
  const kids = async () => (await jwksOf(url)).keys.map(({ kid }: { kid: string }) => kid)
  await kids()
  await Promise.all([emulator.rotateKeys(), emulator.rotateKeys()])
  expect(await kids()).toEqual(['gwh-emulator-3', 'gwh-emulator-4', 'gwh-emulator-5'])
})

test('keys are the same after a restart with a state file', async () => {
  const state = `${temporaryFolder()}/state.db`
  const keys = async () => {
    const emulator = createEmulator({ state, signing: 'both' })
    const answer = await call(emulator, 'GET', '/.well-known/jwks.json')
    await emulator.close()
    return answer.body
  }
  expect(await keys()).toEqual(await keys())
})

test('user_metadata is beside the data, or inside it', async () => {
  for (const [options, expected] of [
    [{}, { data: { id: 'batches/x' }, user_metadata: { a: 1 } }],
    [{ userMetadataIn: 'data' }, { data: { id: 'batches/x', user_metadata: { a: 1 } } }],
  ] as const) {
    const emulator = createTestEmulator(options)
    const receiver = await startReceiver()
    await emulator.trigger({ ...event, userMetadata: { a: 1 }, uris: [receiver.url] })
    await emulator.idle()
    const { type, version, timestamp, ...rest } = JSON.parse(receiver.received[0]!.body)
    expect(rest).toEqual(expected)
  }
})

test('while a rotated secret lives, only the new one signs when that is wanted', async () => {
  const { emulator, ai } = await startEmulator({ rotationSigning: 'new' })
  const receiver = await startReceiver()
  const { id } = await register(emulator, receiver.url)
  const { secret } = await ai.webhooks.rotateSigningSecret(id)
  await emulator.trigger(event)
  await emulator.idle()
  expect(receiver.received[0]!.headers['webhook-signature']).toBe(expectedV1(receiver.received[0]!, secret!))
  expect((await ai.webhooks.get(id)).signing_secrets).toHaveLength(2)
})

test('wrong options of signing are refused', () => {
  for (const options of [
    { signing: 'v1' },
    { jwt: { audience: '' } },
    { jwt: { aud: 'x' } },
    { rotationSigning: 'old' },
    { userMetadataIn: 'header' },
    { profile: 'google' },
    { disableAfter: -1 },
    { limits: { deliveries: Number.NaN } },
  ]) {
    expect(() => createEmulator(options as EmulatorOptions)).toThrow(TypeError)
  }
})
