import { verifyWebhook } from '@gwh/core'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Difference, KNOWN_DIFFERENCES } from './known-differences.ts'
import {
  hmacOf,
  ID,
  type Message,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  toBytes,
  toHeaders,
  toMessage,
} from './support.ts'

// Theirs has no clock to inject.
beforeAll(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})

interface Case {
  message: Message
  signature: string
  secret: string
}

async function acceptedByOurs({ message, signature, secret }: Case): Promise<boolean> {
  const delivery = { headers: toHeaders(message, signature), body: message.body }
  return await verifyWebhook(delivery, { secrets: secret, now: () => NOW }).then(
    () => true,
    () => false,
  )
}

function acceptedByTheirs({ message, signature, secret }: Case): boolean {
  try {
    new Webhook(secret).verify(Buffer.from(message.body), toHeaders(message, signature))
    return true
  } catch {
    return false
  }
}

const sign = (message: Message, secret: string) =>
  `v1,${hmacOf(message, Buffer.from(secret.replace('whsec_', ''), 'base64'))}`

describe('on the domain both share the verdicts are the same', () => {
  const ids = fc.stringMatching(/^[!-+\-/-~]{1,64}$/)
  const bodies = fc.json().map(toBytes)
  const times = fc.integer({ min: NOW_SECONDS - 320, max: NOW_SECONDS + 320 })
  const secrets = fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
  const messages = fc.record({ id: ids, timestamp: times, body: bodies }).map(toMessage)
  const entries = fc.constantFrom(
    'good',
    'wrong secret',
    'cut',
    'v2',
    'v1a',
    'nonsense',
    'other case',
    'twice',
  )

  const toEntry = (kind: string, message: Message, secret: string) => {
    const good = sign(message, secret)
    if (kind === 'good') return good
    if (kind === 'wrong secret') return sign(message, OTHER_SECRET)
    if (kind === 'cut') return good.slice(0, -1)
    if (kind === 'v2' || kind === 'v1a') return good.replace('v1', kind)
    if (kind === 'other case') return good.toUpperCase()
    return kind === 'twice' ? `${good} ${good}` : kind
  }

  test('for every list of entries', async () => {
    let accepted = 0
    const lists = fc.array(entries, { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(messages, secrets, lists, async (message, secret, kinds) => {
        const signature = kinds.map((kind) => toEntry(kind, message, secret)).join(' ')
        const theirs = acceptedByTheirs({ message, signature, secret })
        expect(await acceptedByOurs({ message, signature, secret })).toBe(theirs)
        if (theirs) accepted++
      }),
      { numRuns: 1000 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  test('for every second around the bounds', async () => {
    for (const offset of [-302, -301, -300, -299, 0, 299, 300, 301, 302]) {
      const message = toMessage({ timestamp: NOW_SECONDS + offset })
      const given = { message, signature: sign(message, SECRET), secret: SECRET }
      expect([offset, await acceptedByOurs(given)]).toEqual([offset, acceptedByTheirs(given)])
    }
  })

  test('for every single character changed in a header', async () => {
    const message = toMessage()
    const headers = toHeaders(message, sign(message, SECRET))
    for (const [name, value] of Object.entries(headers)) {
      for (let index = 0; index < value.length; index++) {
        const changed = { ...headers, [name]: `${value.slice(0, index)}7${value.slice(index + 1)}` }
        if (changed[name] === value) continue
        const given = {
          message: { ...message, id: changed['webhook-id']!, timestamp: changed['webhook-timestamp']! },
          signature: changed['webhook-signature']!,
          secret: SECRET,
        }
        expect([await acceptedByOurs(given), acceptedByTheirs(given)]).toEqual([false, false])
      }
    }
  })
})

describe('where they differ, the difference is known', () => {
  test.each(Object.entries(KNOWN_DIFFERENCES))('%s', async (_, difference) => {
    const given = toCase(difference)
    const verdicts = { ours: await acceptedByOurs(given), theirs: acceptedByTheirs(given) }
    expect(verdicts).toEqual({
      ours: difference.accepts === 'ours',
      theirs: difference.accepts === 'theirs',
    })
  })

  test('no entry lacks a reason', () => {
    for (const { reason } of Object.values(KNOWN_DIFFERENCES)) expect(reason.length).toBeGreaterThan(10)
  })

  test('the harness itself finds no difference where there is none', async () => {
    const given = toCase({ reason: '', accepts: 'ours' })
    expect([await acceptedByOurs(given), acceptedByTheirs(given)]).toEqual([true, true])
  })
})

function toCase(difference: Difference): Case {
  const secret = difference.toSecret?.(SECRET) ?? SECRET
  const message = {
    id: difference.id ?? ID,
    timestamp: difference.timestamp ?? String(NOW_SECONDS),
    body: difference.body ?? toBytes({}),
  }
  const signed = {
    ...message,
    timestamp: String(difference.signedTimestamp ?? message.timestamp),
    body: difference.signedBody ?? message.body,
  }
  const entry = sign(signed, secret)
  return { message, secret, signature: difference.toSignature?.(entry) ?? entry }
}
