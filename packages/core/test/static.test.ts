import { type VerifyOptions, verifyWebhook } from '@gwh/core'
import { signStatic } from '@gwh/core/sign'
import { describe, expect, test } from 'vitest'
import {
  codeOf,
  type Delivery,
  hmacOf,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  signV1,
  staticDelivery,
  toHeaders,
  toMessage,
  vectors,
} from './support.ts'

const { v1, rotationHeaderExample } = vectors
const message = toMessage({ body: vectors.body })

const verify = (signature: string, options: VerifyOptions) =>
  verifyWebhook(
    { headers: toHeaders(message, signature), body: message.body },
    { now: () => NOW, ...options },
  )

describe('the test vectors verify', () => {
  test('with the secret in base64 after its prefix', async () => {
    await expect(verify(v1.header, { secrets: v1.secret })).resolves.toEqual({
      id: vectors.id,
      timestamp: NOW_SECONDS,
      scheme: 'static',
      keyId: 'whsec_...czI=',
      body: message.body,
    })
  })

  test('with the launch-week secret as raw text, its prefix included', async () => {
    const { secret, header } = v1.launchWeek_rawFull
    await expect(verify(header, { secrets: secret, format: 'raw' })).resolves.toMatchObject({
      keyId: 'whsec_...d9s2',
    })
    expect(await codeOf(verify(header, { secrets: secret }))).toBe('signature_invalid')
  })

  test('with the launch-week secret without its prefix, as raw text', async () => {
    const secrets = v1.rawStripped.secret.slice('whsec_'.length)
    await expect(verify(v1.rawStripped.header, { secrets, format: 'raw' })).resolves.toBeDefined()
  })

  test('with the header of a rotation, under the secret either signature belongs to', async () => {
    await expect(verify(rotationHeaderExample, { secrets: v1.secret })).resolves.toBeDefined()
    const reversed = rotationHeaderExample.split(' ').reverse().join(' ')
    await expect(verify(reversed, { secrets: v1.secret })).resolves.toBeDefined()
  })

  test('after an entry without a signature', async () => {
    await expect(verify(`v1, ${v1.header}`, { secrets: v1.secret })).resolves.toMatchObject({
      scheme: 'static',
    })
  })

  test('our own signer makes the same headers', async () => {
    const { id, body } = vectors
    const content = { id, timestamp: NOW_SECONDS, body }
    await expect(signStatic({ ...content, secrets: v1.secret })).resolves.toBe(v1.header)
    const { secret: secrets, header } = v1.launchWeek_rawFull
    await expect(signStatic({ ...content, secrets, format: 'raw' })).resolves.toBe(header)
  })

  test('the signer in the tests agrees with them', () => {
    expect(signV1(message, v1.secret)).toBe(v1.header)
  })
})

describe('during a rotation any signature may match any secret', () => {
  const oldOne = signV1(message, SECRET)
  const newOne = signV1(message, OTHER_SECRET)
  test.each<[string, string, VerifyOptions['secrets'], string]>([
    ['only the old secret signs yet', oldOne, [OTHER_SECRET, SECRET], 'whsec_...czI='],
    ['both sign', `${newOne} ${oldOne}`, [OTHER_SECRET, SECRET], 'whsec_...eXQ='],
    ['both sign, we know the old', `${newOne} ${oldOne}`, SECRET, 'whsec_...czI='],
    ['both sign, we know the new', `${oldOne} ${newOne}`, OTHER_SECRET, 'whsec_...eXQ='],
    ['one text, by comma', oldOne, `${OTHER_SECRET},${SECRET}`, 'whsec_...czI='],
    ['one text, by comma and line', oldOne, `${OTHER_SECRET},\n  ${SECRET}`, 'whsec_...czI='],
    ['one text, by spaces', newOne, `${SECRET} ${OTHER_SECRET}`, 'whsec_...eXQ='],
    ['a list of texts of several', oldOne, [`${OTHER_SECRET} ${SECRET}`, OTHER_SECRET], 'whsec_...czI='],
  ])('%s', async (_, signature, secrets, keyId) => {
    await expect(verify(signature, { secrets: secrets! })).resolves.toMatchObject({ keyId })
  })

  test('a secret that was removed from the list no longer verifies', async () => {
    expect(await codeOf(verify(oldOne, { secrets: OTHER_SECRET }))).toBe('signature_invalid')
  })
})

describe('a signature covers exactly what was sent', () => {
  const refused = async (delivery: Delivery) =>
    codeOf(verifyWebhook(delivery, { secrets: SECRET, now: () => NOW }))

  test.each([
    ['one space more', (text: string) => text.replace(':', ': ')],
    ['a line feed at the end', (text: string) => `${text}\n`],
    ['a leading byte order mark', (text: string) => `\ufeff${text}`],
    ['one byte less', (text: string) => text.slice(0, -1)],
    ['nothing', () => ''],
  ])('a body changed by %s is signature_invalid', async (_, change) => {
    const { headers } = staticDelivery({ body: vectors.body })
    expect(await refused({ headers, body: toMessage({ body: change(vectors.body) }).body })).toBe(
      'signature_invalid',
    )
  })

  test('another id or another second is signature_invalid', async () => {
    const delivery = staticDelivery()
    const otherId = { ...delivery.headers, 'webhook-id': 'msg_other' }
    const later = { ...delivery.headers, 'webhook-timestamp': String(NOW_SECONDS + 1) }
    expect(await refused({ ...delivery, headers: otherId })).toBe('signature_invalid')
    expect(await refused({ ...delivery, headers: later })).toBe('signature_invalid')
  })

  test.each([
    ['invalid UTF-8', new Uint8Array([0xff, 0xfe, 0x00, 0x80])],
    ['no bytes at all', new Uint8Array()],
    ['a view into a larger buffer', new Uint8Array([9, 9, 1, 2, 3, 9]).subarray(2, 5)],
  ])('a signed body of %s verifies, byte for byte', async (_, body) => {
    const verified = await verifyWebhook(staticDelivery({ body }), { secrets: SECRET, now: () => NOW })
    expect(verified.body).toEqual(body)
  })

  test('a byte that is not UTF-8 cannot be swapped for the replacement character', async () => {
    const { headers } = staticDelivery({ body: '"\ufffd"' })
    expect(await refused({ headers, body: new Uint8Array([0x22, 0xff, 0x22]) })).toBe('signature_invalid')
  })
})

test('an HMAC under no key, or under the prefix, verifies nothing', async () => {
  for (const key of ['', 'whsec_', SECRET]) {
    const signature = `v1,${hmacOf(message, Buffer.from(key))}`
    expect(await codeOf(verify(signature, { secrets: SECRET }))).toBe('signature_invalid')
  }
})
