import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RUNTIMES, type Runtime } from '@gwh-test/support/runtimes'
import type { Subject } from './subject.ts'

/** A server in a process of its own. */
export interface RunningServer {
  url: string
  /** Everything it has written to standard error so far. */
  errorOutput(): string
  stop(): Promise<void>
}

export async function startServer(file: string, runtime: Runtime, subject: Subject): Promise<RunningServer> {
  const [command, ...before] = file === 'deno-command.ts' ? DENO_SERVE : RUNTIMES[runtime]
  const script = fileURLToPath(new URL(`./servers/${file}`, import.meta.url))
  const child = spawn(command, [...before, script, subject], {
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
    stdio: 'pipe',
  })
  let errorOutput = ''
  child.stderr.on('data', (chunk) => {
    errorOutput += chunk
  })
  const ended = once(child, 'close')
  const at = await Promise.race([placeFrom(child.stdout), ended.then(() => undefined)])
  if (at === undefined) throw new RangeError(`${file} did not start: ${errorOutput}`)
  return {
    url: `http://127.0.0.1:${at.port}${at.path}`,
    errorOutput: () => errorOutput,
    async stop() {
      // Not a signal: some runtimes are started by a script that would not forward it.
      child.stdin.end()
      await ended
    },
  }
}

const DENO_SERVE = [RUNTIMES.Deno[0], 'serve', '--allow-all', '--no-prompt', '--host=127.0.0.1', '--port=0']

async function placeFrom(output: NodeJS.ReadableStream): Promise<{ port: number; path: string } | undefined> {
  for await (const line of createInterface(output)) {
    if (line.startsWith('{"port":')) {
      output.resume()
      return JSON.parse(line)
    }
  }
  return undefined
}
