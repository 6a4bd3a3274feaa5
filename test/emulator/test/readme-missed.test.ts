import { GoogleGenAI } from '@google/genai'
import { createMemoryQueue, createReceiver } from '@gwh/core'
import { createEmulator } from '@gwh/emulator'
import { createJobs, createWebhookConfig } from '@gwh/genai'
import { serve } from '@gwh/node'
import { geminiTest } from '@gwh/testing/vitest'
import { expect, onTestFinished } from 'vitest'

const jobKey = 'a key of at least 32 characters, for tests'
const test = geminiTest(() => createEmulator())

test('a batch whose webhook is lost is awaited and handled', async ({ gemini }) => {
  const handled: string[] = []
  const signals: string[] = []
  const jwks = `${gemini.url}/.well-known/jwks.json`
  const receiver = createReceiver({ dynamic: { jobKey, jwks }, queue: createMemoryQueue() })
  receiver.on('batch.succeeded', (event) => void handled.push(event.id))
  const server = await serve(receiver, { port: 0, work: true })
  const client = new GoogleGenAI({})
  const jobs = createJobs({
    client,
    receiver,
    expectedMs: { batch: 100 },
    observer: ({ type }) => signals.push(type),
  })
  onTestFinished(async () => {
    await server.close()
    await jobs.close()
  })

  gemini.scenarios.add({ when: { kind: 'batch' }, then: { afterMs: 10, webhooks: { drop: true } } })
  const src = [{ contents: [{ parts: [{ text: 'Hello' }] }] }]
  const webhookConfig = await createWebhookConfig({ uris: [server.url], jobKey })
  const batch = await client.batches.create({ model: 'gemini-3.8-flash', src, config: { webhookConfig } })
  // It ends before it is tracked, so that the first look-up finds the end, however busy the machine is.
  const state = async () => (await client.batches.get({ name: batch.name! })).state
  await expect.poll(state, { timeout: 5000 }).toBe('JOB_STATE_SUCCEEDED')
  await jobs.track(batch)
  const result = await jobs.done(batch)
  expect(result.kind).toBe('batch')
  // `done` resolves when the end is known; handlers and the signal come after it.
  await expect.poll(() => handled, { timeout: 5000 }).toEqual([batch.name])
  await expect.poll(() => signals, { timeout: 5000 }).toEqual(['lookup', 'missed'])
})
