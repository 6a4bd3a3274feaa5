import { signedDelivery } from '@gwh/testing'
import { checkSample, useSample } from '@gwh-test/support'
import { expect, test } from 'vitest'

const options = { folder: new URL('..', import.meta.url), redis: true }
const sample = useSample(options)

checkSample(sample, options)

test('the other routes of the app have their bodies parsed', async () => {
  const response = await fetch(`${sample().origin}/prompts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"prompt":"Hello"}',
  })
  expect(await response.json()).toEqual({ received: 'Hello' })
})

test('what one process has accepted is a duplicate on another, handled once, and counted', async () => {
  const { secret, app, origin, uri, startAnother } = sample()
  const another = await startAnother()
  const { headers, body } = await signedDelivery({ secret, id: 'msg_shared' })
  const send = (to: string) => fetch(to, { method: 'POST', headers, body: body.slice() })
  expect(await (await send(uri)).json()).toEqual({ status: 'accepted' })
  expect(await (await send(another.uri)).json()).toEqual({ status: 'duplicate' })
  const handled = /^handled msg_shared /
  await Promise.race([app.line(handled), another.app.line(handled)])
  await another.app.stop()
  expect([...app.lines, ...another.app.lines].filter((line) => handled.test(line))).toHaveLength(1)
  const stats = async () => (await (await fetch(`${origin}/status`)).json()) as { done: number }
  // A handler has returned a moment before its delivery is completed.
  await expect.poll(stats).toMatchObject({ pending: 0, running: 0, retrying: 0 })
  expect((await stats()).done).toBeGreaterThan(0)
})
