import { createReceiver, verifyWebhook, WebhookConfigError } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { type ConfigWarning, parseSecrets } from '../src/lib/schemes/secrets.ts'
import { createWatched, NOW, OTHER_SECRET, SECRET, staticDelivery } from './support.ts'

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`
const urlSafe = `whsec_${Buffer.alloc(32, 0xfb).toString('base64url')}`

function refusalOf(secrets: unknown): WebhookConfigError {
  try {
    parseSecrets(secrets as string)
  } catch (error) {
    if (error instanceof WebhookConfigError) return error
    throw error
  }
  throw new Error('the secrets were accepted')
}

function warningsOf(secrets: string | string[]): ConfigWarning['code'][] {
  const warnings: ConfigWarning[] = []
  parseSecrets(secrets, 'base64', (warning) => warnings.push(warning))
  return warnings.map(({ code }) => code)
}

describe('no secret', () => {
  test.each<[string, unknown]>([
    ['an empty text', ''],
    ['white space', ' \n\t '],
    ['an empty list', []],
    ['a list with an empty text', [SECRET, '']],
    ['nothing but separators', ' , ,'],
    ['the prefix alone', 'whsec_'],
    ['the prefix alone beside a good one', `${SECRET},whsec_`],
  ])('%s is secret_empty', (_, secrets) => {
    expect(refusalOf(secrets).code).toBe('secret_empty')
  })

  test.each([undefined, ''])('an unset variable (%j) stops the receiver from being created', (secrets) => {
    expect(() => createReceiver({ static: { secrets: secrets as string } })).toThrow(
      expect.objectContaining({
        code: 'secret_empty',
        message: expect.stringMatching(/static\.secrets.*GEMINI_WEBHOOK_SECRET/),
      }),
    )
  })

  test('an unset variable does not mean "dynamic only"', () => {
    const options = { static: { secrets: undefined as unknown as string }, dynamic: { allowAnyJob: true } }
    expect(() => createReceiver(options as Parameters<typeof createReceiver>[0])).toThrow(
      expect.objectContaining({ code: 'secret_empty' }),
    )
  })
})

describe('no usable secret', () => {
  const body = SECRET.slice('whsec_'.length)
  test.each<[string, unknown]>([
    ['without its prefix', body],
    ['with the prefix in another case', `WHSEC_${body}`],
    ['with a leading signature version', `v1,${SECRET}`],
    ['with the other leading signature version', `v1a,${SECRET}`],
    ['in url-safe base64', urlSafe],
    ['with the prefix twice', `whsec_${SECRET}`],
    ['that is not base64', 'whsec_not*base64*at*all*not*base64*at*all='],
    ['with unread bits set', `${SECRET.slice(0, -2)}J=`],
    ['with too much padding', `${SECRET}=`],
    ['with a quote around it', `"${SECRET}"`],
    ['of 15 bytes', secretOf(15)],
    ['among more than eight', Array(9).fill(SECRET)],
    ['that is a number', [5]],
    ['that is an object', [{}]],
  ])('one %s is secret_malformed', (_, secrets) => {
    expect(refusalOf(secrets).code).toBe('secret_malformed')
  })
})

describe('secrets that work', () => {
  test('of 16 bytes and more are accepted, below 24 with a warning', () => {
    expect(warningsOf(secretOf(16))).toEqual(['secret_short'])
    expect(warningsOf(secretOf(23))).toEqual(['secret_short'])
    expect(warningsOf(secretOf(24))).toEqual([])
    expect(warningsOf(secretOf(64))).toEqual([])
  })

  test('with a line feed at the end are trimmed, with a warning', async () => {
    expect(warningsOf(`${SECRET}\n`)).toEqual(['secret_trimmed'])
    const { receiver, signals } = createWatched({ static: { secrets: `${SECRET}\n` } })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({ status: 200 })
    expect(signals[0]).toMatchObject({ type: 'warning', code: 'secret_trimmed' })
  })

  test('without their padding mean the same key', async () => {
    const secrets = SECRET.replace('=', '')
    await expect(verifyWebhook(staticDelivery(), { secrets, now: () => NOW })).resolves.toBeDefined()
  })

  test('may be eight', () => {
    expect(parseSecrets(Array(8).fill(SECRET))).toHaveLength(8)
  })

  test('stay in the order given', () => {
    const keyIds = parseSecrets([OTHER_SECRET, SECRET]).map(({ keyId }) => keyId)
    expect(keyIds).toEqual(['whsec_...eXQ=', 'whsec_...czI='])
  })
})

test('no refusal and no warning quotes the secret', () => {
  const core = 'CanaryCanaryCanary'
  const canaries = [
    core,
    `v1,whsec_${core}`,
    `whsec_${core}!`,
    `whsec_${core}-_`,
    'whsec_CanaryCanary==',
    `"whsec_${core}"`,
  ]
  for (const canary of canaries) {
    const error = refusalOf(canary)
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('Canary')
  }
  const warnings: ConfigWarning[] = []
  parseSecrets(' whsec_CanaryCanaryCanaryCanary\n', 'base64', (warning) => warnings.push(warning))
  expect(warnings).toHaveLength(2)
  expect(JSON.stringify(warnings)).not.toContain('Canary')
})
