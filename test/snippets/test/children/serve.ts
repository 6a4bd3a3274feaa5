// Serves a receiver with the adapter named by the first argument, on that adapter's runtime. Prints one JSON array a
// line; a handler goes on when the file named by `gate` is there.
import { existsSync } from 'node:fs'
import { argv } from 'node:process'
import { createReceiver } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'

const [adapter, given = '{}'] = argv.slice(2)
const { database, gate, receiver: limits, ...options } = JSON.parse(given)
const { serve } = await import(`@gwh/${adapter}`)

const say = (...words: unknown[]) => console.log(JSON.stringify(words))
const queue = database && createSqliteQueue({ path: database })
const receiver = createReceiver({
  static: { secrets: 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI=' },
  ...limits,
  ...(queue && { queue }),
})
receiver.on('batch.succeeded', async () => {
  say('entered')
  while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 10))
  say('left')
})
receiver.onUnhandled(() => {})
const server = await serve(receiver, { port: 0, hostname: '127.0.0.1', ...options })
say('listening', server.url, server.port)
