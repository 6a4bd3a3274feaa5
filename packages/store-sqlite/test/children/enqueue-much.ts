// Enqueues a number of deliveries, each large enough to start the checkpoint thread, and exits without closing.
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'

const [path = '', most = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path, minFreeBytes: 0 })
const body = new Uint8Array(2 * 1024 * 1024)
for (let count = 0; count < Number(most); count++) await queue.enqueue(queuedDelivery({ body }))
