import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
// The programs themselves: Deno's entry in `.bin` is a script that does not forward signals.
const program = (path: string) => here(`../../../node_modules/${path}`)
const source = '--conditions=@gwh/source'

/** How each adapter's runtime runs a TypeScript file of this workspace. */
export const RUNTIMES: Record<string, readonly [string, ...string[]]> = {
  node: [process.execPath, source, '--no-warnings'],
  bun: [program('.bin/bun'), source, 'run'],
  deno: [program('deno/deno'), 'run', source, '--allow-all', '--no-prompt', '--quiet'],
}

/** A script of this directory, running in a process of its own. */
export interface Child {
  process: ChildProcess
  /** The words of the next line that begins with this word; each line is found once. */
  hear(word: string): Promise<unknown[]>
  /** Resolves with code and signal when it has ended. */
  ended: Promise<[number | null, NodeJS.Signals | null]>
}

export function startChild(runtime: string, script: string, ...args: string[]): Child {
  return start([...RUNTIMES[runtime]!, here(script), ...args])
}

/** Like `startChild`, but the process may open only that many files and connections at a time. */
export function startLimitedChild(
  descriptors: number,
  runtime: string,
  script: string,
  ...args: string[]
): Child {
  const limited = `ulimit -n ${descriptors}; exec "$0" "$@"`
  return start(['sh', '-c', limited, ...RUNTIMES[runtime]!, here(script), ...args])
}

function start([command, ...args]: readonly string[]): Child {
  const child = spawn(command!, args, {
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const heard: unknown[][] = []
  const listeners = new Set<() => void>()
  const look = () => {
    for (const listener of listeners) listener()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    heard.push(JSON.parse(line))
    look()
  })
  const ended = once(child, 'close') as Child['ended']
  return {
    process: child,
    ended,
    hear: (word) =>
      new Promise((resolve, reject) => {
        const listener = () => {
          const index = heard.findIndex(([first]) => first === word)
          if (index < 0) return
          listeners.delete(listener)
          resolve(heard.splice(index, 1)[0]!)
        }
        listeners.add(listener)
        listener()
        ended.then(() => reject(new Error(`ended without saying "${word}"`)))
      }),
  }
}

/** Runs a subcommand of Deno on a script of this directory. */
export function spawnDeno(command: string, ...args: string[]): ChildProcess {
  const script = here(args.pop()!)
  const flags = [source, '--allow-all', '--no-prompt', '--quiet', ...args]
  return spawn(program('deno/deno'), [command, ...flags, script], { stdio: ['ignore', 'ignore', 'inherit'] })
}
