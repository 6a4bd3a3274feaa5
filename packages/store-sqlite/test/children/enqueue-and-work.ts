// Enqueues forever, in bursts, and prints the key of every delivery whose enqueue resolved, while a worker
// handles them: their one effect is a row in a table of the same file.
import { writeSync } from 'node:fs'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'

const [path = '', prefix = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path })
queue.work(async (message, { tx }) => {
  tx?.((database) => void database.prepare('INSERT INTO effects VALUES (?)').run(message.key))
})

for (let burst = 0; ; burst++) {
  await Promise.all(
    Array.from({ length: 1 + (burst % 24) }, async (_, index) => {
      const message = queuedDelivery({ id: `${prefix}-${burst}-${index}` })
      await queue.enqueue(message)
      writeSync(1, `${message.key}\n`)
    }),
  )
}
