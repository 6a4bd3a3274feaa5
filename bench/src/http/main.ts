// What a delivery costs a whole server over HTTP: the server's own CPU time, for servers side by side. `--table <id>` measures
// one table only, `--rounds <n>` and `--bytes <n>` change the number of rounds and the size of the body.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRedisServer } from '@gwh/testing/redis'
import { makeBody } from '../deliveries.ts'
import { printMeasured } from '../report/print.ts'
import { measureTable } from './measure.ts'
import { pinToCores } from './server.ts'
import { TABLES } from './tables.ts'

const { values: options } = parseArgs({
  options: {
    table: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    bytes: { type: 'string', default: '300' },
  },
})
const extent = { rounds: Number(options.rounds), warmUp: 30_000, deliveries: 4_000, connections: 64 }
const body = makeBody(Number(options.bytes))
const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const redis = await startRedisServer('--appendonly', 'yes')

if (!pinToCores()) console.log('The processes are not pinned to cores here, so the figures are less steady.')
for (const table of TABLES) {
  if (options.table && options.table !== table.id) continue
  const measured = await measureTable(table, body, extent, { folder, redisUrl: redis.url })
  printMeasured(`${table.title}: ${body.length} B, ${extent.connections} connections`, measured)
}
await redis.stop()
rmSync(folder, { recursive: true })
