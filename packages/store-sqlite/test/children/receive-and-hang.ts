// Accepts one event and prints "handling" when its handler runs, which never ends.
import { writeSync } from 'node:fs'
import { createReceiver } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'

const [path = '', secrets = ''] = process.argv.slice(2)
const receiver = createReceiver({ static: { secrets }, queue: createSqliteQueue({ path }) })
receiver.on('*', async () => {
  writeSync(1, 'handling\n')
  await new Promise(() => {})
})
receiver.work()
await receiver.emit({ type: 'batch.succeeded', data: { id: 'batches/one' } }, { id: 'msg_one' })
