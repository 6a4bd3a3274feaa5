// Enqueues so many large deliveries, each enough for checkpoints in a thread, and ends without closing anything.
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'

const [path = '', most = ''] = process.argv.slice(2)
const queue = createSqliteQueue({ path, minFreeBytes: 0 })
const body = new Uint8Array(2 * 1024 * 1024)
for (let count = 0; count < Number(most); count++) await queue.enqueue(queuedDelivery({ body }))
