// Awaits a job of the emulator at a URL, through a ledger in a file: prints `waiting`, then the keys of the result.
import { GoogleGenAI } from '@google/genai'
import { createReceiver } from '@gwh/core'
import { createJobs } from '@gwh/genai'
import { createSqliteLedger } from '@gwh/store-sqlite'

const [baseUrl = '', path = '', name = ''] = process.argv.slice(2)
const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })
const receiver = createReceiver({ dynamic: { allowAnyJob: true }, observer: () => {} })
const ledger = createSqliteLedger({ path })
const jobs = createJobs({ client, receiver, ledger, pollMs: 20 })
const done = jobs.done(name)
console.log('waiting')
const result = await done
if (result.kind !== 'batch') throw new TypeError('no batch')
for await (const row of result) console.log(`row ${row.key}`)
await jobs.close()
await ledger.close?.()
