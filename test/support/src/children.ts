import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A script in a separate process. */
export interface Child {
  process: ChildProcess
  /** Called with every complete line it prints. */
  onLine(listener: (line: string) => void): void
  /** Resolves when it has exited and all its output was read. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; errors: string }>
}

/** Makes a function that starts a TypeScript script beside the given module, from source. */
export function childrenOf(module: string): (script: string, ...args: string[]) => Child {
  return (script, ...args) => start(fileURLToPath(new URL(script, module)), args)
}

function start(file: string, args: readonly string[]): Child {
  const flags = ['--conditions=@gwh/source', '--experimental-strip-types', '--no-warnings']
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = createInterface({ input: child.stdout })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const ended = Promise.all([once(child, 'close'), once(lines, 'close')]).then(([[code, signal]]) => ({
    code,
    signal,
    errors,
  }))
  return { process: child, onLine: (listener) => void lines.on('line', listener), ended }
}
