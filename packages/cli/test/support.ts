import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The command from source; Node needs `--conditions=@gwh/source` for it. */
export const GWH = fileURLToPath(new URL('../src/gwh.ts', import.meta.url))

/** What a finished command left behind. */
export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** A command that runs. */
export interface Running {
  /** What it wrote to both streams so far. */
  text(): string
  /** Resolves with the first match in what it writes; rejects when it ends first. */
  saw(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Closes the reading end of its standard output, as `head` does. */
  closeOutput(): void
  finished: Promise<Finished>
}

const { PATH, NODE_COMPILE_CACHE = join(tmpdir(), 'gwh-node-compile') } = process.env

/** What every `gwh` gets of this process's environment: `gwh` starts four times as fast with what Node compiled before. */
export const ENVIRONMENT = { PATH, NODE_COMPILE_CACHE }

/** An empty folder that goes away with the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts `gwh` from source, in a process of its own, with nothing of ours in its environment. */
export function start(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input: string | Uint8Array = '',
): Running {
  const child = spawn(process.execPath, ['--conditions=@gwh/source', GWH, ...args], {
    cwd,
    env: { ...ENVIRONMENT, ...env },
    stdio: 'pipe',
    // A group of its own, which ends with the test: a program that it started must not stay behind.
    detached: true,
  })
  // A command that does not read it may have ended.
  child.stdin.on('error', () => {}).end(input)
  onTestFinished(() => endGroup(child))
  return watch(child)
}

function endGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL')
  } catch {
    // Every process of it has ended.
  }
}

/** Runs `gwh` to its end. */
export function gwh(
  cwd: string,
  args: readonly string[],
  env?: Record<string, string>,
  input?: string | Uint8Array,
): Promise<Finished> {
  return start(cwd, args, env, input).finished
}

function watch(child: ChildProcess): Running {
  const written = { stdout: '', stderr: '' }
  const checks = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
      for (const check of checks) check()
    })
  }
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }))
  const text = () => written.stdout + written.stderr

  async function saw(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      function check(): void {
        const match = pattern.exec(text())
        if (match === null) return
        checks.delete(check)
        resolve(match)
      }
      checks.add(check)
      check()
    })
    const ended = finished.then(({ code }) => {
      throw new Error(`ended with ${code} before ${pattern}:\n${text()}`)
    })
    return Promise.race([found, ended])
  }

  return {
    text,
    saw,
    finished,
    kill: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout!.destroy(),
  }
}
