// Enqueues in groups until the queue is full, then prints how many deliveries were accepted.
import { WebhookUnavailableError } from '@gwh/core/errors'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'

const [path = '', name = '', maxPending = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path, maxPending: Number(maxPending) })

let accepted = 0
let refused = 0
for (let group = 0; refused === 0; group++) {
  const messages = Array.from({ length: 7 }, (_, index) =>
    queuedDelivery({ id: `${name}-${group}-${index}` }),
  )
  for (const result of await Promise.allSettled(messages.map((message) => queue.enqueue(message)))) {
    if (result.status === 'fulfilled') accepted++
    else if (result.reason instanceof WebhookUnavailableError && result.reason.code === 'overloaded')
      refused++
    else throw result.reason
  }
}
await queue.close()
process.stdout.write(`${accepted}\n`)
