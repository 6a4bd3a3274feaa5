import { signedDelivery } from '@gwh/testing'
import { checkSample, useSample } from '@gwh-test/support'
import { expect, test } from 'vitest'

const options = {
  folder: new URL('..', import.meta.url),
  path: '/',
  listening: /^URL: http:/,
  redis: true,
}
const sample = useSample(options)

checkSample(sample, options)

test('the bytes are verified, not what the framework parsed', async () => {
  const { secret, uri } = sample()
  // Spaces and an escape that serialising again would not bring back.
  const body = '{ "type": "batch.succeeded", "data": { "id": "b\\u003d" } }'
  const { headers } = await signedDelivery({ secret, body })
  const send = (text: string) => fetch(uri, { method: 'POST', headers, body: text })
  expect((await send(JSON.stringify(JSON.parse(body)))).status).toBe(401)
  expect((await send(body)).status).toBe(200)
})
