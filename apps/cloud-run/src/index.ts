// Gemini webhooks on Cloud Run: an HTTP function whose handlers run before the answer, while there is CPU for them.
import { http } from '@google-cloud/functions-framework'
import { createLogObserver, createReceiver } from '@gwh/core'
import { createNodeHandler } from '@gwh/node'
import { createRedisStore } from '@gwh/store-redis'
import { createClient } from 'redis'

const secrets = process.env.GEMINI_WEBHOOK_SECRET
if (!secrets) {
  console.error(
    'Set GEMINI_WEBHOOK_SECRET to the signing secret of the webhook: README.md says where it comes from.',
  )
  process.exit(1)
}

const client = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
client.on('error', (error) => console.log('redis:', error.code ?? error.message))

const receiver = createReceiver({
  static: { secrets },
  store: createRedisStore({ client }),
  observer: createLogObserver(),
})

// The answer waits for the handlers: keep them short. If one throws, the answer is 500 and the sender tries again.
receiver
  .on('batch.succeeded', async (event, { key }) => {
    // Fetch the result here; `key` is the same on every attempt, so pass it on where an effect must not repeat.
    console.log('batch done:', event.id, event.data.file ?? '(inlined result)', key)
  })
  .on('batch.failed', (event) => console.log('batch failed:', event.id, event.data.errorMessage))
  .onUnhandled((event) => console.log('not handled:', event.type, event.id))

await client.connect()
// The framework parses bodies and keeps the signed bytes in `rawBody`, which the handler uses.
http('gemini', createNodeHandler(receiver))
