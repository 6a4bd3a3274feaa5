import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RUNTIMES } from '@gwh-test/support/runtimes'

const SERVER_CORE = '0'
const LOAD_CORE = '1'
let isPinned = false
/** Pins this process, which makes the load, to one core, and servers started from now on to another. */
export function pinToCores() {
  try {
    execFileSync('taskset', ['-acp', LOAD_CORE, String(process.pid)], { stdio: 'ignore' })
    isPinned = true
  } catch {
    // Not on Linux, or with a single core. The figures are less steady then.
  }
  return isPinned
}
/** Starts a server in a process of its own, on a core of its own. */
export async function startServer({ module, start, runtime = 'Node 24' }, { folder, redisUrl }) {
  const path = fileURLToPath(new URL('./server-process.ts', import.meta.url))
  const command = [...RUNTIMES[runtime], path, `./${module}-servers.ts`, start, folder, redisUrl]
  const [program, ...rest] = isPinned ? ['taskset', '-c', SERVER_CORE, ...command] : command
  const child = spawn(program, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  child.on('exit', (code) => code && process.exit(code))
  const lines = createInterface({ input: child.stdout })
  const { port } = await next(lines)
  return {
    port,
    async usage(line = '') {
      const answered = next(lines)
      child.stdin.write(`${line}\n`)
      return await answered
    },
    stop: () => stop(child),
  }
}
function stop(child) {
  child.stdin.end()
}
async function next(lines) {
  const [line] = await once(lines, 'line')
  return JSON.parse(line)
}
