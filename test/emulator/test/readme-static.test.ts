import { GoogleGenAI } from '@google/genai'
import { createReceiver } from '@gwh/core'
import { createEmulator } from '@gwh/emulator'
import { serve } from '@gwh/node'
import { freePort } from '@gwh/testing'
import { geminiTest } from '@gwh/testing/vitest'
import { expect, onTestFinished } from 'vitest'

const test = geminiTest(() => createEmulator())

test('a finished batch is handled', async ({ gemini }) => {
  // The receiver needs the secret, the secret comes with the webhook, and the webhook needs the URL.
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}/webhooks/gemini`
  const client = new GoogleGenAI({})
  const webhook = await client.webhooks.create({ uri, subscribed_events: ['batch.succeeded'] })

  const handled: string[] = []
  const receiver = createReceiver({ static: { secrets: webhook.new_signing_secret! } })
  receiver.on('batch.succeeded', (event) => void handled.push(event.id))
  const server = await serve(receiver, { port, hostname: '127.0.0.1', path: '/webhooks/gemini' })
  onTestFinished(() => server.close())

  const src = [{ contents: [{ parts: [{ text: 'Hello' }] }] }]
  const batch = await client.batches.create({ model: 'gemini-3.8-flash', src })
  await gemini.finish(batch)
  await gemini.settled({ timeoutMs: 5000 })
  expect(handled).toEqual([batch.name])
})
