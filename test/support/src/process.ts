import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** A program in a separate process, and its output. */
export interface AppProcess {
  /** Its output so far, line by line, errors included. */
  readonly lines: readonly string[]
  /** The first line that matches, already printed or still to come. Rejects when the process exits without it. */
  line(pattern: RegExp): Promise<string>
  /** Its exit code, or the signal that ended it, once it has exited. */
  readonly end: Promise<number | NodeJS.Signals | null>
  /** Asks it to exit; resolves to its exit code, or the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals | null>
  /** Kills it at once. */
  kill(): Promise<void>
}

/** Runs a command as the package in `folder` would: its own executables first, and only the path inherited. */
export function startProcess(command: string, folder: string, env: Record<string, string>): AppProcess {
  const { HOME = '', PATH = '' } = process.env
  // Deno itself, as if it were installed: its entry in `.bin` is a script that does not forward signals.
  const own = ['node_modules/deno', 'node_modules/.bin'].map((name) => join(folder, name))
  const path = [...own, dirname(process.execPath), PATH].join(':')
  // `exec`, so that the signal reaches the program and not the shell.
  // Next.js, once built, declares that every environment has NODE_ENV.
  const given = Object.assign({} as NodeJS.ProcessEnv, { HOME, PATH: path, ...env })
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder, env: given })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      wake()
    })
  }
  let ended = false
  const end = new Promise<number | NodeJS.Signals | null>((resolve) => {
    // `close` comes after the last line, `exit` may not.
    child.once('close', (code, signal) => {
      ended = true
      process.off('exit', kill)
      resolve(code ?? signal)
      wake()
    })
  })
  return {
    lines,
    end,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => pattern.test(line))
          if (found === undefined && !ended) return void waiting.add(look)
          waiting.delete(look)
          if (found !== undefined) resolve(found)
          else reject(new RangeError(`ended without ${pattern}:\n${lines.join('\n')}`))
        }
        look()
      }),
    async stop() {
      child.kill('SIGTERM')
      return await end
    },
    async kill() {
      kill()
      await end
    },
  }
}
