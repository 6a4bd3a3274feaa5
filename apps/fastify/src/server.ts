// Gemini webhooks in a Fastify app: queued on Redis with BullMQ, so any number of processes can share the work.
import { createBullmqQueue } from '@gwh/bullmq'
import { createLogObserver, createReceiver } from '@gwh/core'
import { gwhFastify } from '@gwh/node/fastify'
import { fastify } from 'fastify'

const secrets = process.env.GEMINI_WEBHOOK_SECRET
if (!secrets) {
  console.error(
    'Set GEMINI_WEBHOOK_SECRET to the signing secret of the webhook: README.md says where it comes from.',
  )
  process.exit(1)
}

const queue = createBullmqQueue({ connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
const receiver = createReceiver({
  static: { secrets },
  queue,
  observer: createLogObserver(),
})

receiver
  .on('batch.succeeded', async (event, { key }) => {
    // Fetch the result here; `key` is the same on every attempt, so pass it on where an effect must not repeat.
    console.log('batch done:', event.id, event.data.file ?? '(inlined result)', key)
  })
  .on('batch.failed', (event) => console.log('batch failed:', event.id, event.data.errorMessage))
  .onUnhandled((event) => console.log('not handled:', event.type, event.id))

const app = fastify()
await app.register(gwhFastify, { receiver, path: '/webhooks/gemini', work: true })
app.post<{ Body: { prompt: string } }>('/prompts', ({ body }) => ({ received: body.prompt }))
app.get('/status', () => queue.stats())

const url = await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' })
console.log(`listening on ${url}/webhooks/gemini`)
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => app.close())
