// Enqueues a number of deliveries in groups of one to four and prints "ack <key>" for each as soon as it resolves.

import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'
import { printLine } from './print-line.ts'

const [path = '', count = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path })

for (let sent = 0, size = 1; sent < Number(count); sent += size, size = 1 + (sent % 4)) {
  await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const message = queuedDelivery({ id: `${sent + index}` })
      await queue.enqueue(message)
      printLine(`ack ${message.key}`)
    }),
  )
}
await queue.close()
