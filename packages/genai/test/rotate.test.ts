import { inspect } from 'node:util'
import { createMemoryQueue, type ReceiverSignal } from '@gwh/core'
import { systemClock } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import {
  addSecret,
  ensureWebhook,
  liveSecrets,
  type RotationTimes,
  rotateSecret,
  SecretUnsavedError,
  type StoredSecret,
} from '../src/index.ts'
import { startEmulator, startReceiver } from './support.ts'

const HOUR_MS = 3_600_000
const events = ['batch.succeeded', 'batch.failed']

describe('rotateSecret', () => {
  /** Google's two possible ways to sign while two secrets are valid. */
  const HYPOTHESES: { signs: string; keep: (signatures: string) => string }[] = [
    { signs: 'with both secrets', keep: (signatures) => signatures },
    { signs: 'with the new secret only', keep: (signatures) => signatures.split(' ')[0]! },
  ]

  async function setUp(keep: (signatures: string) => string = (signatures) => signatures) {
    const send: typeof fetch = async (input, init) => {
      const headers = new Headers(init?.headers)
      headers.set('webhook-signature', keep(headers.get('webhook-signature')!))
      return await fetch(input, { ...init, headers })
    }
    const emulated = await startEmulator({ fetch: send })
    const { client, emulator } = emulated
    let stored: StoredSecret[] = []
    const signals: ReceiverSignal[] = []
    const now = () => emulator.clock.now()
    const { receiver, url } = await startReceiver(emulated, {
      static: { secrets: () => liveSecrets(stored, now()) },
      clock: { now, schedule: systemClock.schedule },
      queue: createMemoryQueue(),
      observer: (signal) => signals.push(signal),
    })
    const { id, secret } = await ensureWebhook({ client, name: 'jobs', uri: url, events })
    stored = [{ secret: secret! }]
    const save = (next: string, times: RotationTimes) => {
      stored = addSecret(stored, next, times)
    }
    let sent = 0
    const trigger = async () => {
      sent++
      await emulator.trigger({ type: 'batch.succeeded', data: { id: `batches/b${sent}` } })
      await emulator.clock.advance(0)
    }
    return {
      emulator,
      client,
      receiver,
      id,
      save,
      signals,
      now,
      trigger,
      sent: () => sent,
      stored: () => stored,
    }
  }

  test.each(HYPOTHESES)('loses no delivery if Google meanwhile signs $signs', async ({ keep }) => {
    const { emulator, client, receiver, id, save, signals, now, trigger, sent, stored } = await setUp(keep)
    const handled: string[] = []
    receiver.on('batch.succeeded', (event) => void handled.push(event.id))
    await trigger()
    await rotateSecret({
      client,
      webhook: { id },
      now,
      save: async (secret, times) => {
        // Signed with a secret that nobody has stored yet.
        await trigger()
        save(secret, times)
      },
    })
    await trigger()
    await emulator.clock.advance(12 * HOUR_MS)
    await trigger()
    await emulator.clock.advance(13 * HOUR_MS)
    await trigger()
    await emulator.clock.advance(HOUR_MS)
    await receiver.drain()
    expect(handled.sort()).toEqual(Array.from({ length: sent() }, (_, index) => `batches/b${index + 1}`))
    expect(emulator.deliveries().map(({ state }) => state)).toEqual(Array(sent()).fill('acked'))
    expect(liveSecrets(stored(), now())).toHaveLength(1)
    const newest = liveSecrets(stored(), now())[0]!.slice(-4)
    expect(signals.findLast(({ type }) => type === 'accepted')).toMatchObject({
      delivery: { keyId: `whsec_...${newest}` },
    })
  })

  test('saves the secret first, and saves the same secret again after a failure', async () => {
    const { client, id, save, now } = await setUp()
    const offered: string[] = []
    const rotation = rotateSecret({
      client,
      webhook: id,
      now,
      save: (secret, times) => {
        offered.push(secret)
        if (offered.length < 3) throw new TypeError('the vault is sealed')
        save(secret, times)
      },
    })
    const error: unknown = await rotation.catch((reason) => reason)
    if (!(error instanceof SecretUnsavedError)) throw new TypeError('no SecretUnsavedError')
    expect(error).toMatchObject({ code: 'secret_unsaved', cause: { message: 'the vault is sealed' } })
    expect(inspect(error, { depth: 5 })).not.toContain(offered[0])
    await expect(error.resume()).rejects.toBeInstanceOf(SecretUnsavedError)
    const previousUntil = now() + 24 * HOUR_MS
    expect(await error.resume()).toEqual({ startedAt: now(), endedAt: now(), previousUntil })
    expect(new Set(offered).size).toBe(1)
  })

  test('can revoke the previous secrets at once', async () => {
    const { client, id, save, now, stored } = await setUp()
    await rotateSecret({ client, webhook: id, save, now, revokeNow: true })
    expect(liveSecrets(stored(), now())).toHaveLength(1)
    const [webhook] = (await client.webhooks.list()).webhooks ?? []
    expect(webhook).toMatchObject({ signing_secrets: [{ truncated_secret: expect.any(String) }] })
  })
})

/** The times of one of several rotations, 100 ms apart. */
const rotation = (number: number, graceMs = 1_000): RotationTimes => ({
  startedAt: number * 100,
  endedAt: number * 100 + 1,
  previousUntil: number * 100 + graceMs,
})
const FIRST: StoredSecret[] = [{ secret: 'first' }]
const ends = (stored: readonly StoredSecret[]) =>
  stored.map(({ secret, validUntil }) => [secret, validUntil] as const)

describe('addSecret', () => {
  test('ends the secrets from before with the next rotation, and never later', () => {
    let stored = FIRST
    for (const number of [1, 2, 3]) stored = addSecret(stored, `${number}`, rotation(number))
    const expected = [
      ['3', undefined],
      ['2', 1_300],
      ['1', 1_200],
      ['first', 1_100],
    ]
    expect(ends(stored)).toEqual(expected)
    expect(ends(addSecret(stored, '3', rotation(3)))).toEqual(expected)
    expect(liveSecrets(stored, 1_200)).toEqual(['3', '2'])
    expect(liveSecrets(stored, 1_199)).toEqual(['3', '2', '1'])
  })

  test.each([[[1, 3, 2]], [[2, 1, 3]], [[2, 3, 1]], [[3, 1, 2]], [[3, 2, 1]], [[3, 1, 2, 1, 3]]])(
    'keeps the newest secret and the one that was added last, when rotations are saved in the order %j',
    (order) => {
      const save = (stored: StoredSecret[], number: number) =>
        addSecret(stored, `${number}`, rotation(number))
      const stored = order.reduce(save, FIRST)
      const live = liveSecrets(stored, Number.MAX_VALUE)
      expect(live).toContain('3')
      expect(live).toContain(`${order.slice(0, 3).at(-1)}`)
      expect(live).not.toContain('first')
      expect(liveSecrets(addSecret(stored, '4', rotation(4)), rotation(4).previousUntil)).toEqual(['4'])
    },
  )

  test('gives the secret received last no end, if the clock was days ahead at the rotation before', () => {
    const DAY_MS = 24 * HOUR_MS
    const at = (now: number): RotationTimes => ({ startedAt: now, endedAt: now, previousUntil: now + DAY_MS })
    const second = addSecret(FIRST, 'second', at(3 * DAY_MS))
    const third = addSecret(second, 'third', at(HOUR_MS))
    for (const days of [0.1, 2, 4.1, 10]) expect(liveSecrets(third, days * DAY_MS)[0]).toBe('third')
    const fourth = addSecret(third, 'fourth', at(5 * DAY_MS))
    expect(liveSecrets(fourth, 6 * DAY_MS)).toEqual(['fourth'])
  })

  test('keeps the secrets of two rotations at the same time, until the next one', () => {
    const at = { startedAt: 100, endedAt: 100, previousUntil: 200 }
    const both = addSecret(addSecret(FIRST, 'one', at), 'two', at)
    expect(liveSecrets(both, 1_000)).toEqual(['two', 'one'])
    const overlapping = { startedAt: 50, endedAt: 150, previousUntil: 250 }
    expect(liveSecrets(addSecret(both, 'three', overlapping), 1_000)).toHaveLength(3)
    expect(liveSecrets(addSecret(both, 'four', rotation(4, 0)), 1_000)).toEqual(['four'])
  })
})
