// Gemini webhooks in an Express app: kept in SQLite until a worker in the same process has handled them.
import { createLogObserver, createReceiver } from '@gwh/core'
import { createNodeHandler } from '@gwh/node'
import { createSqliteQueue } from '@gwh/store-sqlite'
import express from 'express'

const secrets = process.env.GEMINI_WEBHOOK_SECRET
if (!secrets) {
  console.error(
    'Set GEMINI_WEBHOOK_SECRET to the signing secret of the webhook: README.md says where it comes from.',
  )
  process.exit(1)
}

const port = Number(process.env.PORT ?? 3000)
const queue = createSqliteQueue({ path: process.env.DATABASE ?? 'deliveries.db' })
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

const app = express()
// Above the parser: a signature covers the bytes as they were sent.
app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' }))
app.use(express.json())
app.post('/prompts', (request, response) => void response.json({ received: request.body.prompt }))
app.get('/status', async (_request, response) => void response.json(await queue.stats()))

const server = app.listen(port, (error) => {
  if (error) throw error
  console.log(`listening on http://localhost:${port}/webhooks/gemini`)
})
receiver.work()

async function stop(): Promise<void> {
  setTimeout(() => server.closeAllConnections(), 10_000).unref()
  await new Promise((resolve) => server.close(resolve))
  await receiver.close() // The worker, then the queue.
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)
