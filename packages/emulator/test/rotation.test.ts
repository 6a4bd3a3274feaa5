import { expect, test } from 'vitest'
import { startCoreReceiver } from './core-receiver.ts'
import { call, createTestEmulator, expectedV1, register, startEmulator, startReceiver } from './support.ts'

const HOUR_MS = 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }
/** Attempt times of the default plan. */
const OFFSETS_MS = [0, 5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400].map((s) => s * 1000)

test.each([...OFFSETS_MS.keys()].slice(1))(
  'a rotation before attempt %i: later attempts have the signatures of their moment',
  async (index) => {
    for (const behavior of ['revoke_previous_secrets_after_h24', 'revoke_previous_secrets_immediately']) {
      const emulator = createTestEmulator({ random: () => 0.5, disableAfter: 0 })
      const receiver = await startReceiver((response) => void response.writeHead(500).end())
      const { id, secret: old } = await register(emulator, receiver.url)
      await emulator.trigger(event)
      await emulator.clock.advance(OFFSETS_MS[index]! - 1)
      const path = `/v1/webhooks/${id}:rotateSigningSecret`
      const { body } = await call(emulator, 'POST', path, { revocation_behavior: behavior })
      // The old secret lives until 24 hours after this moment, and so beyond the last attempt.
      await emulator.clock.advance(24 * HOUR_MS)
      const isKept = behavior === 'revoke_previous_secrets_after_h24'
      expect(receiver.received).toHaveLength(12)
      for (const [number, delivery] of receiver.received.entries()) {
        const secrets = number < index ? [old] : isKept ? [body.secret, old] : [body.secret]
        const signatures = secrets.map((secret) => expectedV1(delivery, secret)).join(' ')
        expect(delivery.headers['webhook-signature']).toBe(signatures)
      }
    }
  },
)

/** How far a receiver's clock is off, in seconds, and what it makes of a delivery. */
const SKEWS: [seconds: number, outcome: string][] = [
  [299, 'accepted'],
  [300, 'accepted'],
  [301, 'timestamp_too_old'],
  [600, 'timestamp_too_old'],
  [-299, 'accepted'],
  [-300, 'accepted'],
  [-301, 'timestamp_too_new'],
  [-600, 'timestamp_too_new'],
]

test.each(SKEWS)(
  'a receiver whose clock is %i s ahead answers %s, and accepts once it is right',
  async (seconds, outcome) => {
    // Begins at a whole second, as a signature's time has no parts of one.
    const { emulator, url } = await startEmulator({ now: () => 1_800_000_000_000, random: () => 0.5 })
    let skewMs = seconds * 1000
    const receiver = await startCoreReceiver({
      dynamic: { jwks: `${url}/.well-known/jwks.json`, allowAnyJob: true },
      now: () => emulator.clock.now() + skewMs,
    })
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.clock.advance(7 * HOUR_MS)
    expect(new Set(receiver.outcomes)).toEqual(new Set([outcome]))
    skewMs = 0
    await emulator.clock.advance(17 * HOUR_MS)
    expect(receiver.outcomes.at(-1)).toBe('accepted')
    expect(emulator.deliveries()).toMatchObject([{ state: 'acked' }])
  },
)
