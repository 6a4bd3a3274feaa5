import { createReceiver } from '@gwh/core'
import { apiConfig, createCronHandler, createRouteHandler } from '@gwh/next'
import { signedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='
const invalid = expect.objectContaining({ code: 'option_invalid' })

test('a receiver is made at the first request, and once', async () => {
  let made = 0
  const { POST } = createRouteHandler(() => {
    made++
    return createReceiver({ static: { secrets: SECRET } })
  })
  expect(made).toBe(0)
  for (const _ of [1, 2]) {
    const { headers, body } = await signedDelivery({ secret: SECRET })
    const request = new Request('http://h/', { method: 'POST', headers, body: new Uint8Array(body) })
    expect((await POST(request)).status).toBe(200)
  }
  expect(made).toBe(1)
})

test('a route handler handles only POST, so that Next.js refuses the other methods', () => {
  expect(Object.keys(createRouteHandler(createReceiver({ static: { secrets: SECRET } })))).toEqual(['POST'])
})

test('unknown options, and a cron without a secret, are refused when the module is loaded', () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  expect(() => createRouteHandler(receiver, { maxMs: 1 } as object)).toThrow(invalid)
  expect(() => createCronHandler(receiver, { secret: '' })).toThrow(invalid)
  expect(() => createCronHandler(receiver, {} as { secret: string })).toThrow(invalid)
})

test('the config for the pages router turns the body parser off', () => {
  expect(apiConfig).toEqual({ api: { bodyParser: false } })
})
