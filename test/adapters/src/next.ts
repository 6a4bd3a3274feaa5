import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gwh/testing'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const next = here('../node_modules/next/dist/bin/next')

function spawnNext(command: string, ...args: string[]): ChildProcess {
  // Nothing may access the network, not even to check for a newer version.
  const offline = { NEXT_TELEMETRY_DISABLED: '1', npm_config_registry: 'http://127.0.0.1:9', CI: '1' }
  return spawn(process.execPath, [next, command, here('next-app'), ...args], {
    env: { ...process.env, ...offline, NODE_ENV: 'production', SUBJECT: process.argv.at(-1) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

let built: Promise<void> | undefined

/** Builds the app once for all callers. */
export function buildNextApp(): Promise<void> {
  built ??= build()
  return built
}

async function build(): Promise<void> {
  const child = spawnNext('build')
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const [code] = await once(child, 'close')
  if (code !== 0) throw new RangeError(`the app for Next.js was not built: ${output}`)
}

/** Starts the built app, which ends with this process. Resolves to its port once something answers there. */
export async function startNextApp(): Promise<number> {
  const port = await freePort()
  const child = spawnNext('start', '-p', String(port), '-H', '127.0.0.1')
  process.once('exit', () => child.kill('SIGKILL'))
  child.stdout?.resume()
  child.stderr?.pipe(process.stderr)
  while (child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)
    if (answer) return port
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new RangeError('next start exited')
}
