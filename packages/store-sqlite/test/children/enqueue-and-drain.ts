// Enqueues deliveries, half of which a sibling process enqueues too, then handles what is due.
import { writeSync } from 'node:fs'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'

const [path = '', name = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path })
const say = (...words: string[]) => writeSync(1, `${words.join(' ')}\n`)

for (let index = 0; index < 150; index++) {
  const messages = [queuedDelivery({ id: `shared-${index}` }), queuedDelivery({ id: `${name}-${index}` })]
  for (const message of messages) say(await queue.enqueue(message), message.key)
}
await queue.drain(async (message) => void say('handled', message.key))
await queue.close()
