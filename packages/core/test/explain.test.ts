import { type Explanation, explainFailure } from '@gwh/core/explain'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guessBodies } from '../src/lib/verify/explain-bodies.ts'
import { arriveAs, CASES, CHANGES, DYNAMIC, JWT, LAUNCH_WEEK_SECRET, now, STATIC } from './explain-cases.ts'
import { dynamicDelivery, NOW_SECONDS, OTHER_SECRET, SECRET, staticDelivery } from './support.ts'

const NAMED = Object.entries(CASES).flatMap(([reason, cases]) =>
  cases.map(([what, delivery, options, code]) => ({ reason, what, delivery, options, code })),
)

describe('the probable cause is found', () => {
  test.each(NAMED)('$reason: $what', async ({ reason, delivery, options, code }) => {
    const { skewSeconds, ...explanation } = await explainFailure(delivery, options)
    expect(explanation).toEqual({ reason, code, message: expect.stringMatching(/^[A-Z].*\.$/) })
    expect(skewSeconds !== undefined).toBe(reason === 'clock_skew')
  })

  describe.each(CHANGES)('%s', (_, reason, signed, arrived) => {
    test(`is ${reason}, under a secret and under public keys`, async () => {
      const found = { reason, code: 'signature_invalid' }
      const statically = arriveAs(arrived, staticDelivery({ body: signed }))
      const dynamically = arriveAs(arrived, dynamicDelivery({ body: signed }))
      await expect(explainFailure(statically, STATIC)).resolves.toMatchObject(found)
      await expect(explainFailure(dynamically, DYNAMIC)).resolves.toMatchObject(found)
    })
  })

  test.each([301, 86_400, -301, -3600])('a clock that is %i s ahead is off by just that', async (seconds) => {
    const delivery = staticDelivery({ timestamp: NOW_SECONDS - seconds })
    const { reason, skewSeconds, message } = await explainFailure(delivery, STATIC)
    expect([reason, skewSeconds]).toEqual(['clock_skew', seconds])
    expect(message).toContain(`${Math.abs(seconds)} s ${seconds > 0 ? 'before' : 'after'}`)
  })
})

describe('the message', () => {
  const messageFor = async (...given: Parameters<typeof explainFailure>) =>
    (await explainFailure(...given)).message

  test('of another scheme names the ones sent and configured', async () => {
    const message = await messageFor(dynamicDelivery(), STATIC)
    expect(message).toContain('signed with v1a (dynamic); configured: v1 (secrets)')
  })

  test('of wrong headers names the header', async () => {
    expect(await messageFor({ headers: {}, body: '' }, STATIC)).toContain('webhook-id is missing')
  })

  test('of a wrong secret says what is wrong with it', async () => {
    expect(await messageFor(staticDelivery(), { secrets: `v1,${SECRET}`, now })).toContain('remove "v1,"')
    expect(await messageFor(staticDelivery(), { secrets: 'whsec_a-b', now })).toContain('URL-safe')
  })

  test('quotes no secret and no payload', async () => {
    const canaries = [SECRET, OTHER_SECRET, LAUNCH_WEEK_SECRET].map((secret) => secret.slice(6, 30))
    for (const { delivery, options } of NAMED) {
      const text = JSON.stringify(await explainFailure(delivery, options))
      expect([...canaries, 'canary', 'batches/one'].filter((canary) => text.includes(canary))).toEqual([])
    }
  })
})

describe('an attacker who chooses the body', () => {
  const forge = (body: string) => ({ ...staticDelivery(), body })

  test('has no changes guessed of a body longer than 64 KiB', async () => {
    const body = `${' '.repeat(65_536)}\n`
    const { headers } = staticDelivery({ body: body.trimEnd() })
    const { reason, message } = await explainFailure({ headers, body }, STATIC)
    expect([reason, message]).toEqual(['wrong_key', expect.stringContaining('longer than 64 KiB')])
  })

  test('does not keep the event loop busy between two guesses', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await explainFailure(forge(JSON.stringify({ a: 'x'.repeat(60_000) })), STATIC)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(10)
  })

  test('cannot have deeply nested JSON indented to many times its size', () => {
    const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    for (const text of [deep(20_000), `[${Array(500).fill(deep(60))}]`]) {
      const longest = Math.max(
        ...[...guessBodies(new TextEncoder().encode(text))].map(({ body }) => body.length),
      )
      expect(longest).toBeLessThanOrEqual(4 * 65_536)
    }
  })
})

describe('an explanation is given', () => {
  const isExplanation = ({ reason, message }: Explanation) => reason in CASES && message !== ''

  test('for anything at all', async () => {
    const fetch = () => Promise.reject(new Error('no network in this test'))
    const options = fc.oneof(
      fc.anything(),
      fc.record(
        { secrets: fc.anything(), jwks: fc.anything(), jwt: fc.anything(), now: fc.anything() },
        { requiredKeys: [] },
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.anything(), options, async (delivery, options) => {
        const given = typeof options === 'object' && options !== null ? { ...options, fetch } : options
        expect(isExplanation(await explainFailure(delivery as never, given as never))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('for any headers and bytes', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('v1,a v1a,b', 'eyJh.eyJi.c', String(NOW_SECONDS)),
      fc.anything(),
    )
    const headers = fc.record({ 'webhook-id': value, 'webhook-timestamp': value, 'webhook-signature': value })
    const body = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json(), fc.anything())
    await fc.assert(
      fc.asyncProperty(headers, body, async (headers, body) => {
        const delivery = { headers: headers as Record<string, string>, body: body as string }
        expect(isExplanation(await explainFailure(delivery, { ...STATIC, ...JWT }))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
