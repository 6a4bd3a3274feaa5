import { verifyWebhook } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { checkWindow } from '../src/lib/verify/replay-window.ts'
import { codeOf, createWatched, NOW, NOW_SECONDS, SECRET, staticDelivery } from './support.ts'

const verifySentAt = (
  timestamp: string | number,
  options: { now?: number; toleranceSeconds?: number } = {},
) =>
  verifyWebhook(staticDelivery({ timestamp }), {
    secrets: SECRET,
    now: () => options.now ?? NOW,
    ...(options.toleranceSeconds !== undefined && { toleranceSeconds: options.toleranceSeconds }),
  })

describe('the window of 300 seconds', () => {
  test.each([-300, -299, 0, 299, 300])('a delivery sent %i seconds from now is accepted', async (offset) => {
    await expect(verifySentAt(NOW_SECONDS + offset)).resolves.toMatchObject({
      timestamp: NOW_SECONDS + offset,
    })
  })

  test.each([
    [-301, 'timestamp_too_old'],
    [-86_400, 'timestamp_too_old'],
    [301, 'timestamp_too_new'],
    [86_400, 'timestamp_too_new'],
  ])('a delivery sent %i seconds from now is %s', async (offset, code) => {
    expect(await codeOf(verifySentAt(NOW_SECONDS + offset))).toBe(code)
  })

  test('the milliseconds of our clock do not move the bound', async () => {
    await expect(verifySentAt(NOW_SECONDS - 300, { now: NOW + 999 })).resolves.toBeDefined()
    await expect(verifySentAt(NOW_SECONDS + 300, { now: NOW + 1 })).resolves.toBeDefined()
    expect(await codeOf(verifySentAt(NOW_SECONDS - 300, { now: NOW + 1000 }))).toBe('timestamp_too_old')
  })

  test('the tolerance can be changed, and stays inclusive', async () => {
    await expect(verifySentAt(NOW_SECONDS - 10, { toleranceSeconds: 10 })).resolves.toBeDefined()
    expect(await codeOf(verifySentAt(NOW_SECONDS - 11, { toleranceSeconds: 10 }))).toBe('timestamp_too_old')
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1.5, '300'])(
    'a tolerance of %s is option_invalid, never no check',
    async (toleranceSeconds) => {
      const promise = verifySentAt(NOW_SECONDS, { toleranceSeconds: toleranceSeconds as number })
      expect(await codeOf(promise)).toBe('option_invalid')
    },
  )
})

describe('a clock that is broken refuses', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%s', (now) => {
    expect(checkWindow(String(NOW_SECONDS), now, 300)).toBeDefined()
  })

  test('also in a receiver, which answers 401', async () => {
    const { receiver } = createWatched({ now: () => Number.NaN })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({ status: 401 })
  })
})

describe('a timestamp that is not plain whole seconds is timestamp_malformed although signed', () => {
  const t = String(NOW_SECONDS)
  test.each([
    `${t}\n`,
    `+${t}`,
    `-${t}`,
    `0${t}`,
    `${t}.0`,
    `${t}.9`,
    `${t}abc`,
    `${t}e0`,
    `${t.slice(0, -1)}e1`,
    `${t.slice(0, 3)}_${t.slice(3)}`,
    `0x${NOW_SECONDS.toString(16)}`,
    'NaN',
    'Infinity',
    'now',
    '0',
    '-0',
    '１７９５２１９２００',
    '١٧٩٥٢١٩٢٠٠',
    '2026-11-20T12:00:00Z',
    '1'.repeat(16),
  ])('%j', async (timestamp) => {
    expect(await codeOf(verifySentAt(timestamp))).toBe('timestamp_malformed')
  })

  test('the longest number the check lets through is compared, not trusted', async () => {
    expect(await codeOf(verifySentAt('9'.repeat(15)))).toBe('timestamp_too_new')
    expect(await codeOf(verifySentAt('1'))).toBe('timestamp_too_old')
  })

  test('milliseconds instead of seconds lie in the future', async () => {
    expect(await codeOf(verifySentAt(NOW))).toBe('timestamp_too_new')
  })
})

test('a stale delivery is refused before any key is used', async () => {
  let asked = 0
  const fetch = async () => {
    asked++
    return new Response('{}')
  }
  const stale = staticDelivery({ timestamp: NOW_SECONDS - 301 })
  stale.headers['webhook-signature'] = `v1a,${Buffer.alloc(64).toString('base64')}`
  const options = { jwks: 'https://keys.example', fetch, now: () => NOW }
  expect(await codeOf(verifyWebhook(stale, options))).toBe('timestamp_too_old')
  expect(asked).toBe(0)
})
