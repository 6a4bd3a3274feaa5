import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RUNTIMES, type Runtime } from '@gwh-test/support/runtimes'
import type { Around } from './around.ts'

/** Which server a process runs. */
export interface ServerSpec {
  /** The module next to this one, and the function in it that starts the server. */
  module: 'node' | 'framework' | 'store' | 'bun' | 'deno'
  start: string
  /** Default Node 24. */
  runtime?: Runtime
}

/** A running server. */
export interface Server {
  readonly port: number
  /** The CPU time it has used so far, in microseconds, and its longest stall since `watch`, in milliseconds. */
  usage(line?: '' | 'watch' | 'end of watch'): Promise<{ cpu: number; stall: number }>
  stop(): void
}

const SERVER_CORE = '0'
const LOAD_CORE = '1'

let isPinned = false

/** Pins this process, which makes the load, to one core, and servers started from now on to another. */
export function pinToCores(): boolean {
  try {
    execFileSync('taskset', ['-acp', LOAD_CORE, String(process.pid)], { stdio: 'ignore' })
    isPinned = true
  } catch {
    // Not on Linux, or with a single core. The figures are less steady then.
  }
  return isPinned
}

/** Starts a server in a process of its own, on a core of its own. */
export async function startServer(
  { module, start, runtime = 'Node 24' }: ServerSpec,
  { folder, redisUrl }: Around,
): Promise<Server> {
  const path = fileURLToPath(new URL('./server-process.ts', import.meta.url))
  const command = [...RUNTIMES[runtime], path, `./${module}-servers.ts`, start, folder, redisUrl]
  const [program, ...rest] = isPinned ? ['taskset', '-c', SERVER_CORE, ...command] : command
  const child = spawn(program!, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  child.on('exit', (code) => code && process.exit(code))
  const lines = createInterface({ input: child.stdout! })
  const { port } = await next<{ port: number }>(lines)
  return {
    port,
    async usage(line = '') {
      const answered = next<{ cpu: number; stall: number }>(lines)
      child.stdin!.write(`${line}\n`)
      return await answered
    },
    stop: () => stop(child),
  }
}

function stop(child: ChildProcess): void {
  child.stdin!.end()
}

async function next<T>(lines: Interface): Promise<T> {
  const [line] = (await once(lines, 'line')) as [string]
  return JSON.parse(line) as T
}
