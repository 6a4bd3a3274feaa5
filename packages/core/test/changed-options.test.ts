import { createVerifier, verifyWebhook } from '@gwh/core/verify'
import { expect, test } from 'vitest'
import { dynamicDelivery, JWKS, NOW, SECRET, staticDelivery } from './support.ts'

const now = () => NOW
const makeJwks = () => ({ keys: JWKS.keys.map((key) => ({ ...key })) })

test('verifyWebhook with equal options does not use a key set that was changed meanwhile', async () => {
  const jwks = makeJwks()
  await verifyWebhook(staticDelivery(), { secrets: SECRET, jwks, now })
  jwks.keys = []
  const verified = verifyWebhook(await dynamicDelivery(), { secrets: SECRET, jwks: makeJwks(), now })
  await expect(verified).resolves.toMatchObject({ scheme: 'dynamic' })
})

test('a verifier keeps the URL that it was given', async () => {
  const jwks = new URL('https://keys.example/jwks')
  const asked: string[] = []
  const fetch = async (url: unknown) => {
    asked.push(String(url))
    return Response.json(JWKS)
  }
  const verifier = createVerifier({ jwks, fetch: fetch as typeof globalThis.fetch, now })
  jwks.host = 'evil.example'
  await expect(verifier.verify(await dynamicDelivery())).resolves.toMatchObject({ scheme: 'dynamic' })
  expect(asked).toEqual(['https://keys.example/jwks'])
})
