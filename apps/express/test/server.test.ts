import { checkSample, useSample } from '@gwh-test/support'
import { expect, test } from 'vitest'

const options = { folder: new URL('..', import.meta.url) }
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

test('the status route counts what was handled', async () => {
  const { app, google, origin } = sample()
  const { webhookId } = await google.announce('batch.succeeded', 'counted')
  await app.line(new RegExp(`^handled ${webhookId} `))
  // A handler has returned a moment before its delivery is completed.
  await expect.poll(async () => await (await fetch(`${origin}/status`)).json()).toMatchObject({ running: 0 })
  const stats = await (await fetch(`${origin}/status`)).json()
  const handled = app.lines.filter((line) => line.startsWith('handled ')).length
  expect(stats).toMatchObject({ pending: 0, retrying: 0, done: handled, oldestPendingMs: 0 })
})
