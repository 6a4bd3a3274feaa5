// Enqueues forever, in bursts, and prints the key of every delivery whose enqueue resolved.

import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'
import { printLine } from './print-line.ts'

const [path = '', prefix = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path })

for (let burst = 0; ; burst++) {
  await Promise.all(
    Array.from({ length: 1 + (burst % 24) }, async (_, index) => {
      const message = queuedDelivery({ id: `${prefix}-${burst}-${index}` })
      await queue.enqueue(message)
      printLine(`${message.key}`)
    }),
  )
}
