// Opens a queue at a given moment, prints the outcome, and closes the queue.
import { writeSync } from 'node:fs'
import { WebhookError } from '@gwh/core/errors'
import { createSqliteQueue } from '@gwh/store-sqlite'

const [path = '', moment = '0'] = process.argv.slice(2)
// Asleep until shortly before, then busy, so that all processes begin in the same millisecond.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, Number(moment) - Date.now() - 5))
while (Date.now() < Number(moment));
try {
  const queue = createSqliteQueue({ path })
  writeSync(1, 'opened\n')
  await queue.close()
} catch (error) {
  writeSync(1, `${error instanceof WebhookError ? `${error.code}: ${error.message}` : String(error)}\n`)
}
