import { createReceiver, WebhookConfigError } from '@gwh/core'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { systemClock } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import { createJobTokenVerifier } from '../src/lib/jobs/job-token.ts'
import { createWatched, dynamicDelivery, JOB_KEY, JWKS, NOW, SECRET, staticDelivery } from './support.ts'

const OTHER_KEY = 'another job key of more than 32 characters'
const HOUR_MS = 3_600_000

const make = (options: Partial<Parameters<typeof createJobToken>[0]> = {}) =>
  createJobToken({ jobKey: JOB_KEY, now: () => NOW, ...options })

const judge = async (
  token: unknown,
  { jobKey = JOB_KEY as string | string[], endpoint = 'default', now = NOW } = {},
) =>
  await createJobTokenVerifier({ clock: systemClock, warn: () => {}, jobKey, endpoint, now: () => now })(
    token,
  )
const accepts = async (...given: Parameters<typeof judge>) => (await judge(...given)) === true

const TOKEN = await make()

describe('a job token', () => {
  test('is accepted under its key, at its endpoint, in its time', async () => {
    expect(await accepts(await make())).toBe(true)
    expect(await accepts(await make({ endpoint: 'a.b\0é' }), { endpoint: 'a.b\0é' })).toBe(true)
  })

  test.each<[string, unknown, Parameters<typeof judge>[1]]>([
    ['user_metadata has no gwh_job_token', undefined, {}],
    ['is not a job token', 'gwh1.x', {}],
    ['has expired', TOKEN, { now: NOW + 97 * HOUR_MS }],
    ['made with another jobKey, or for another endpoint than "other"', TOKEN, { endpoint: 'other' }],
  ])('is refused with its reason: %s', async (reason, token, given) => {
    expect(await judge(token, given)).toMatchObject({
      refused: 'job_unknown',
      message: expect.stringContaining(reason),
    })
  })

  test('is different each time, and reveals only when it expires', async () => {
    const tokens = await Promise.all([make(), make()])
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect(token).toMatch(/^gwh1\.[\w-]{22}\.1795564800\.[\w-]{43}$/)
  })

  test('is refused under another key and at another endpoint', async () => {
    const token = await make()
    expect(await accepts(token, { jobKey: OTHER_KEY })).toBe(false)
    expect(await accepts(token, { endpoint: 'other' })).toBe(false)
    expect(await accepts(token, { endpoint: '' })).toBe(false)
  })

  test('expires after 96 hours by default, the last second included', async () => {
    const token = await make()
    expect(await accepts(token, { now: NOW + 96 * HOUR_MS })).toBe(true)
    expect(await accepts(token, { now: NOW + 96 * HOUR_MS + 1 })).toBe(false)
    const short = await make({ lifetimeSeconds: 1 })
    expect(await accepts(short, { now: NOW + 1001 })).toBe(false)
    expect(await accepts(token, { now: Number.NaN })).toBe(false)
  })

  test('survives the rotation of its key: the first key signs, every key is accepted', async () => {
    const before = await make({ jobKey: JOB_KEY })
    const after = await make({ jobKey: [OTHER_KEY, JOB_KEY] })
    expect(await accepts(before, { jobKey: [OTHER_KEY, JOB_KEY] })).toBe(true)
    expect(await accepts(after, { jobKey: [OTHER_KEY] })).toBe(true)
    expect(await accepts(after, { jobKey: [JOB_KEY] })).toBe(false)
  })

  test('is refused with any one character changed', async () => {
    const token = await make()
    for (let index = 0; index < token.length; index++) {
      const character = token[index] === '1' ? '2' : '1'
      expect(await accepts(token.slice(0, index) + character + token.slice(index + 1))).toBe(false)
    }
  })

  test('cannot be prolonged, shortened or padded', async () => {
    const token = await make()
    const [, id, expires, mac] = token.split('.')
    for (const forged of [
      `gwh1.${id}.${Number(expires) + 1}.${mac}`,
      `gwh1.${id}.0${expires}.${mac}`,
      `gwh1.${id}.${expires}.`,
      `gwh1.${id}.${expires}`,
      `gwh1.${id}.${expires}.${mac}=`,
      ` ${token}`,
      `${token}\n`,
      `gwh2.${id}.${expires}.${mac}`,
    ]) {
      expect(await accepts(forged)).toBe(false)
    }
  })

  test.each([undefined, null, '', 5, true, {}, [], ['gwh1'], { toString: () => 'gwh1' }])(
    'is not %j',
    async (value) => {
      expect(await accepts(value)).toBe(false)
      expect(await accepts([await make()])).toBe(false)
    },
  )

  test.each(['', 'short', 'k'.repeat(31), ['k'.repeat(40), 'short'], [], [5], [undefined]])(
    'is not made with key %j',
    async (jobKey) => {
      await expect(make({ jobKey: jobKey as string })).rejects.toBeInstanceOf(WebhookConfigError)
    },
  )

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'does not last %d seconds',
    async (seconds) => {
      await expect(make({ lifetimeSeconds: seconds })).rejects.toMatchObject({ code: 'option_invalid' })
    },
  )
})

describe('a receiver with a jobKey', () => {
  const dynamic = { jobKey: JOB_KEY, jwks: JWKS }
  const eventWith = (userMetadata: object) => ({
    type: 'batch.succeeded',
    data: { id: 'x' },
    user_metadata: userMetadata,
  })

  test('accepts a dynamic delivery that carries its token, wherever the metadata is', async () => {
    const token = { [JOB_TOKEN_FIELD]: await make({ endpoint: 'hooks' }), other: 1 }
    const { receiver } = createWatched({ dynamic, endpoint: 'hooks' })
    const inside = { type: 'batch.succeeded', data: { id: 'x', user_metadata: token } }
    const answers = await Promise.all([
      receiver.receive(dynamicDelivery({ id: 'one', body: eventWith(token) })),
      receiver.receive(dynamicDelivery({ id: 'two', body: inside })),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  test.each<[string, object | string]>([
    ['no metadata', { type: 'batch.succeeded', data: {} }],
    ['no token', eventWith({ job_group: 'nightly' })],
    ['a guess', eventWith({ [JOB_TOKEN_FIELD]: 'gwh1.x.1.y' })],
    ['a token that is true', eventWith({ [JOB_TOKEN_FIELD]: true })],
    ['a body that is not an event', 'no event'],
  ])('answers 403 job_unknown to %s, so that the sender tries again', async (_, body) => {
    let handled = 0
    const { receiver, signals } = createWatched({ dynamic })
    receiver.on('*', () => handled++)
    const answer = await receiver.receive(dynamicDelivery({ body }))
    expect(answer).toMatchObject({ status: 403, body: '{"error":"job_unknown"}' })
    expect(signals).toEqual([expect.objectContaining({ type: 'refused', code: 'job_unknown' })])
    expect(handled).toBe(0)
  })

  test('requires no token for static deliveries, whose secret is already ours', async () => {
    const { receiver } = createWatched({ static: { secrets: SECRET }, dynamic })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({ status: 200 })
  })
})

describe('a receiver with a rule of its own', () => {
  const answerOf = async (authorize: () => unknown) => {
    const dynamic = { jwks: JWKS, authorize: authorize as () => boolean }
    return (await createReceiver({ dynamic, now: () => NOW }).receive(dynamicDelivery())).status
  }

  test('accepts a delivery for which it returns or resolves to true', async () => {
    expect(await answerOf(() => true)).toBe(200)
    expect(await answerOf(async () => true)).toBe(200)
  })

  test.each([false, undefined, null, 1, 'true', {}])(
    'refuses a delivery for which it returns %j',
    async (verdict) => {
      expect(await answerOf(() => verdict)).toBe(403)
      expect(await answerOf(async () => verdict)).toBe(403)
    },
  )

  test('accepts nothing when it throws', async () => {
    expect(await answerOf(() => Promise.reject(new Error('database down')))).toBe(500)
  })
})
