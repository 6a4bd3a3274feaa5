import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ReceiverSettings, SETTINGS } from './settings.ts'

/** How a process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A receiver in a process of its own. */
export interface ReceiverProcess {
  pid: number
  /** Resolves to `ready`, to `refused` and a code, or to `died` when it ended before it printed either. */
  started: Promise<string>
  exited: Promise<Exit>
  /** Sends a signal and waits for the end. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit>
}

const script = fileURLToPath(new URL('./receiver.ts', import.meta.url))
const alive = new Set<ChildProcess>()

// Compiled once for all receivers, so that restarts measure the receiver and not the compiler.
const compileCache = mkdtempSync(join(tmpdir(), 'gwh-faults-cache-'))

// A run that is cut short must not leave receivers behind.
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
  rmSync(compileCache, { recursive: true, force: true })
})

/** Starts a receiver; its standard error is shown. */
export function startReceiver(settings: ReceiverSettings): ReceiverProcess {
  return startProcess(script, settings)
}

/** Starts a script with its settings; its standard error is shown. */
export function startProcess(script: string, settings: object): ReceiverProcess {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache, [SETTINGS]: JSON.stringify(settings) }
  const child = spawn(process.execPath, ['--no-warnings', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  alive.add(child)
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      alive.delete(child)
      resolve({ code, signal })
    })
  })
  const said = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve)
  })
  return {
    pid: child.pid ?? 0,
    started: Promise.race([said, exited.then(() => 'died')]),
    exited,
    end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

/** Ends the processes that a failed scenario has left running. */
export async function endReceivers(): Promise<void> {
  const left = [...alive].map((child) => {
    child.kill('SIGKILL')
    return once(child, 'close')
  })
  await Promise.all(left)
}

/** Starts a receiver and waits until it is ready. */
export async function readyReceiver(settings: ReceiverSettings): Promise<ReceiverProcess> {
  const receiver = startReceiver(settings)
  const word = await receiver.started
  if (word !== 'ready') throw new RangeError(`the receiver did not start: ${word}`)
  return receiver
}
