// One server in a process of its own: `<module> <export> <folder> <redis url>`. Prints its port; answers each line of input
// with the CPU time it has used, in microseconds, and the longest stall of its event loop since the last line `watch`.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Around, StartServer } from './around.ts'

const [module, name, folder, redisUrl] = process.argv.slice(2) as [string, string, string, string]
const around: Around = { folder, redisUrl }
const servers = (await import(module)) as Record<string, StartServer>
const port = await servers[name]!(around)
// Made on demand, because it wakes the event loop every millisecond.
let delays: ReturnType<typeof monitorEventLoopDelay> | undefined

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'watch') {
      delays ??= monitorEventLoopDelay({ resolution: 1 })
      delays.enable()
      delays.reset()
    }
    const { user, system } = process.cpuUsage()
    console.log(JSON.stringify({ cpu: user + system, stall: (delays?.max ?? 0) / 1e6 }))
    if (line === 'end of watch') delays?.disable()
  })
  .on('close', () => process.exit())
console.log(JSON.stringify({ port }))
