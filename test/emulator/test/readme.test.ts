import { GoogleGenAI } from '@google/genai'
import { createReceiver } from '@gwh/core'
import { createEmulator } from '@gwh/emulator'
import { createWebhookConfig } from '@gwh/genai'
import { serve } from '@gwh/node'
import { geminiTest } from '@gwh/testing/vitest'
import { expect, onTestFinished } from 'vitest'

const jobKey = 'a key of at least 32 characters, for tests'
const test = geminiTest(() => createEmulator())

test('a finished interaction is handled', async ({ gemini }) => {
  const handled: string[] = []
  const jwks = `${gemini.url}/.well-known/jwks.json`
  const receiver = createReceiver({ dynamic: { jobKey, jwks } })
  receiver.on('interaction.completed', (event) => void handled.push(event.id))
  const server = await serve(receiver, { port: 0 })
  onTestFinished(() => server.close())

  // Created in the test, because the environment points at the emulator only while it runs.
  const client = new GoogleGenAI({})
  const webhook_config = await createWebhookConfig({ uris: [server.url], jobKey })
  const request = { model: 'gemini-3.8-flash', input: 'Hello', background: true, webhook_config } as const
  const job = await client.interactions.create(request)
  await gemini.finish(job)
  await gemini.settled({ timeoutMs: 5000 })
  expect(handled).toEqual([job.id])
})
