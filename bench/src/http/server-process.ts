// One server in a process of its own; reports its port and, on request, the CPU time it has used, in microseconds.
import { type Around, listen, SERVERS } from './servers.ts'

const [name, folder, redisUrl] = process.argv.slice(2) as [string, string, string]
const around: Around = { folder, redisUrl }
const port = await listen(SERVERS[name]!(around))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send!({ cpu: user + system })
})
process.on('disconnect', () => process.exit())
process.send!({ port })
