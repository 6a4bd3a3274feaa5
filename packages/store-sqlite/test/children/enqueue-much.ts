// Enqueues a number of deliveries, each large enough to start the checkpoint thread. Then exits without closing, or with
// `close` prints `closed` once the queue is closed.
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'
import { printLine } from './print-line.ts'

const [path = '', most = '', end = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path, minFreeBytes: 0 })
const body = new Uint8Array(2 * 1024 * 1024)
for (let count = 0; count < Number(most); count++) await queue.enqueue(queuedDelivery({ body }))
if (end === 'close') {
  await queue.close()
  printLine('closed')
}
