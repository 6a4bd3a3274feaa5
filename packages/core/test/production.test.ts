import { createReceiver, createVerifier, type VerifyOptions, verifyWebhook } from '@gwh/core'
import { createFixedJwks, createJwks, EMULATOR_KEY_PREFIX } from '@gwh/core/jwks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { codeOf, dynamicDelivery, JWKS, NOW } from './support.ts'

const LOOPBACK = 'http://127.0.0.1:8787/.well-known/jwks.json'
const EMULATOR_JWKS = { keys: [{ ...JWKS.keys[0]!, kid: `${EMULATOR_KEY_PREFIX}-1` }] }
const refused = expect.objectContaining({ code: 'option_invalid' })
const fetch = (async () => Response.json(EMULATOR_JWKS)) as typeof globalThis.fetch

const dynamic = (options: object) => ({ dynamic: { allowAnyJob: true as const, ...options } })

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('in production', () => {
  beforeEach(() => {
    vi.stubEnv('NODE_ENV', 'production')
  })

  test.each([
    LOOPBACK,
    'http://localhost:8787',
    'https://localhost',
    'https://LOCALHOST./',
    'https://emulator.localhost',
    'https://a.b.localhost.:8787',
    'http://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::]/',
    'http://127.9.9.9/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0.0.0.0:8787',
    'https://0/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:0:127.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[::ffff:0.0.0.0]/',
  ])('%s is refused as a source of keys', (jwks) => {
    expect(() => createJwks(jwks)).toThrow(refused)
    expect(() => createReceiver(dynamic({ jwks }))).toThrow(refused)
  })

  test('keys of the emulator are refused', async () => {
    expect(() => createFixedJwks(EMULATOR_JWKS)).toThrow(refused)
    expect(() => createReceiver(dynamic({ jwks: EMULATOR_JWKS }))).toThrow(refused)
    const options = { jwks: 'https://copied.example/jwks', fetch, now: () => NOW }
    expect(await codeOf(createVerifier(options).verify(dynamicDelivery()))).toBe('jwks_unavailable')
    await expect(
      verifyWebhook(dynamicDelivery(), {
        jwks: { keys: [...EMULATOR_JWKS.keys, JWKS.keys[1]!] },
        now: () => NOW,
      }),
    ).rejects.toMatchObject({ code: 'signature_invalid' })
  })

  test.each<[string, VerifyOptions]>([
    ['a loopback URL', { jwks: LOOPBACK, fetch }],
    ['keys of the emulator', { jwks: EMULATOR_JWKS }],
  ])('%s is accepted with allowEmulator', async (_, options) => {
    const given = { ...options, allowEmulator: true, now: () => NOW } as const
    await expect(createVerifier(given).verify(dynamicDelivery())).resolves.toMatchObject({
      keyId: 'gwh-emulator-1',
    })
    const { jwks } = options
    expect(() => createReceiver(dynamic({ jwks, allowEmulator: true }))).not.toThrow()
  })

  test.each([
    'https://keys.example',
    'https://localhost.example',
    'https://notlocalhost/',
    'https://10.0.0.1/',
    'https://[2001:db8::7f00:1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:a00:1]/',
  ])('%s is another machine', (url) => {
    expect(() => createJwks(url)).not.toThrow()
  })

  test('other keys are not affected', async () => {
    await expect(verifyWebhook(dynamicDelivery(), { jwks: JWKS, now: () => NOW })).resolves.toBeDefined()
  })
})

test('elsewhere the emulator is accepted', async () => {
  const verifier = createVerifier({ jwks: LOOPBACK, fetch, now: () => NOW })
  await expect(verifier.verify(dynamicDelivery())).resolves.toMatchObject({ keyId: 'gwh-emulator-1' })
})

describe('a receiver without jwks', () => {
  const warningsOf = (options: object = {}) => {
    const warnings: string[] = []
    createReceiver({
      ...dynamic(options),
      observer: (signal) => signal.type === 'warning' && warnings.push(`${signal.code} ${signal.message}`),
    })
    return warnings
  }

  test.each(['http://127.0.0.1:8787', 'http://localhost:8787/emu'])(
    'warns if GOOGLE_GEMINI_BASE_URL is the emulator at %s, and says which URL to set',
    (url) => {
      vi.stubEnv('GOOGLE_GEMINI_BASE_URL', url)
      const [warning] = warningsOf()
      expect(warning).toContain('jwks_not_emulator')
      expect(warning).toContain(`${new URL(url).origin}/.well-known/jwks.json`)
      expect(warningsOf({ jwks: JWKS })).toEqual([])
    },
  )

  test.each(['https://generativelanguage.googleapis.com', 'not a URL', ''])('says nothing for %j', (url) => {
    vi.stubEnv('GOOGLE_GEMINI_BASE_URL', url)
    expect(warningsOf()).toEqual([])
  })
})

test('keys that cannot be fetched are refused with the URL and the cause, without its query', async () => {
  const jwks = 'https://user:word@down.example/jwks?token=secret'
  const down = (async () => new Response(null, { status: 404 })) as typeof globalThis.fetch
  const outcome = await createVerifier({ jwks, fetch: down, now: () => NOW }).check(dynamicDelivery())
  expect(outcome).toMatchObject({
    refused: 'jwks_unavailable',
    message: 'the public keys could not be fetched from https://down.example/jwks: status 404',
  })
})
