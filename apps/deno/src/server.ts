// A receiver for Gemini webhooks: Deno.serve, deliveries kept in SQLite until they are handled.
import { createLogObserver, createReceiver } from '@gwh/core'
import { serve } from '@gwh/deno'
import { createSqliteQueue } from '@gwh/store-sqlite'

const secrets = Deno.env.get('GEMINI_WEBHOOK_SECRET')
if (!secrets) {
  console.error(
    'Set GEMINI_WEBHOOK_SECRET to the signing secret of the webhook: README.md says where it comes from.',
  )
  Deno.exit(1)
}

const receiver = createReceiver({
  static: { secrets },
  queue: createSqliteQueue({ path: Deno.env.get('DATABASE') ?? 'deliveries.db' }),
  observer: createLogObserver(),
})

receiver
  .on('batch.succeeded', async (event, { key }) => {
    // Fetch the result here; `key` is the same on every attempt, so pass it on where an effect must not repeat.
    console.log('batch done:', event.id, event.data.file ?? '(inlined result)', key)
  })
  .on('batch.failed', (event) => console.log('batch failed:', event.id, event.data.errorMessage))
  .onUnhandled((event) => console.log('not handled:', event.type, event.id))

// On SIGTERM and SIGINT, the process ends once running requests are answered and running handlers are done.
const { url } = await serve(receiver, {
  port: Number(Deno.env.get('PORT') ?? 3000),
  path: '/webhooks/gemini',
  work: true,
})
console.log(`listening on ${url}`)
