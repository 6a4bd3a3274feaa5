import { createLogObserver, createReceiver } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'

function create() {
  const queue = createSqliteQueue({ path: process.env.DATABASE ?? 'deliveries.db' })
  const secrets = process.env.GEMINI_WEBHOOK_SECRET
  if (!secrets) throw new Error('Set GEMINI_WEBHOOK_SECRET to the signing secret of the webhook.')
  const receiver = createReceiver({ static: { secrets }, queue, observer: createLogObserver() })
    // Fetch the result here; `key` is the same on every attempt, so pass it on where an effect must not repeat.
    .on('batch.succeeded', ({ id, data }, { key }) => console.log('batch done:', id, data.file ?? '-', key))
    .onUnhandled((event) => console.log('not handled:', event.type, event.id))
  return { queue, receiver }
}

// Created at the first request, because `next build` has no secrets; once, although each route may load this module.
const shared = globalThis as typeof globalThis & { gemini?: ReturnType<typeof create> }
export const gemini = () => (shared.gemini ??= create())
