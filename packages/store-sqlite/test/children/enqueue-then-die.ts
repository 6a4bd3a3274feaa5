// Enqueues a number of deliveries one after the other, prints the key of each, and exits without closing.
import { writeSync } from 'node:fs'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'

const [path = '', prefix = '', count = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path })

for (let index = 0; index < Number(count); index++) {
  const message = queuedDelivery({ id: `${prefix}-${index}` })
  await queue.enqueue(message)
  writeSync(1, `${message.key}\n`)
}
process.kill(process.pid, 'SIGKILL')
