// Static and dynamic Gemini webhooks in a Hono app: handled before the answer, once for all machines on one Redis.
import { createLogObserver, createReceiver, GOOGLE_JWKS_URL } from '@gwh/core'
import { createRedisStore } from '@gwh/store-redis'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createClient } from 'redis'

const secrets = process.env.GEMINI_WEBHOOK_SECRET
const jobKey = process.env.GWH_JOB_KEY
if (!secrets) {
  console.error(
    'Set GEMINI_WEBHOOK_SECRET to the signing secret of the webhook: README.md says where it comes from.',
  )
  process.exit(1)
}
if (!jobKey) {
  console.error('Set GWH_JOB_KEY to the key of your job tokens: README.md says how to make one.')
  process.exit(1)
}

const port = Number(process.env.PORT ?? 3000)
const client = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
client.on('error', (error) => console.log('redis:', error.code ?? error.message))

const receiver = createReceiver({
  static: { secrets },
  dynamic: { jobKey, jwks: process.env.GWH_JWKS_URL ?? GOOGLE_JWKS_URL },
  store: createRedisStore({ client }),
  observer: createLogObserver(),
})

// The answer waits for the handlers: keep them short. If one throws, the answer is 500 and the sender tries again.
receiver
  .on('batch.succeeded', async (event, { key }) => {
    // Fetch the result here; `key` is the same on every attempt, so pass it on where an effect must not repeat.
    console.log('batch done:', event.id, event.data.file ?? '(inlined result)', key)
  })
  .on('interaction.completed', (event) => console.log('interaction done:', event.id))
  .onUnhandled((event) => console.log('not handled:', event.type, event.id))

const app = new Hono()
app.all('/webhooks/gemini', (context) => receiver.fetch(context.req.raw))
app.post('/prompts', async (context) => context.json({ received: (await context.req.json()).prompt }))

await client.connect()
const server = serve({ fetch: app.fetch, port }, () => {
  console.log(`listening on http://localhost:${port}/webhooks/gemini`)
})

async function stop(): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
  await receiver.close()
  await client.close()
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)
