import { verifyWebhook } from '@gwh/core'
import { expect, test } from 'vitest'
import { dynamicDelivery, JWKS, NOW } from './support.ts'

// Alone in its file: what it is about happens once in a process, when the dynamic schemes are loaded.
test('many concurrent first calls create one cache of the key set', async () => {
  let fetches = 0
  const fetch = async () => {
    fetches++
    return Response.json(JWKS)
  }
  const delivery = dynamicDelivery()
  const options = { jwks: 'https://stampede.example/jwks.json', fetch, now: () => NOW }
  await Promise.all(Array.from({ length: 40 }, () => verifyWebhook(delivery, options)))
  expect(fetches).toBe(1)
})
