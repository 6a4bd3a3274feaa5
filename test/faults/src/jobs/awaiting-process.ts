import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { JobsSignal } from '@gwh/genai'
import { AWAITING, type AwaitingSettings, type Command } from './commands.ts'

/** A service that awaits jobs, in a process of its own. */
export interface AwaitingProcess {
  /** Gives a command and waits until it is done; `false` if the process has ended. */
  tell(command: Command): Promise<boolean>
  kill(): Promise<void>
}

const script = fileURLToPath(new URL('./awaiting.ts', import.meta.url))

/** Starts an awaiting process and waits until it listens. */
export async function startAwaiting(
  settings: AwaitingSettings,
  onSignal: (signal: JobsSignal) => void,
): Promise<AwaitingProcess> {
  const env = { ...process.env, [AWAITING]: JSON.stringify(settings) }
  const child = spawn(process.execPath, ['--no-warnings', script], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const killOnExit = () => child.kill('SIGKILL')
  process.once('exit', killOnExit)
  const ended = once(child, 'close').then(() => process.off('exit', killOnExit))
  // The end of the process breaks the pipe under a command; `tell` then resolves to `false`.
  child.stdin.on('error', () => {})
  const answers = readAnswers(child, onSignal)
  const next = () => Promise.race([answers(), ended.then(() => false)])
  if (!(await next())) throw new RangeError('the awaiting process did not start')
  return {
    async tell(command) {
      child.stdin.write(`${JSON.stringify(command)}\n`)
      return await next()
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Separates signals from answers. Returns a function that waits for the next answer. */
function readAnswers(child: ChildProcess, onSignal: (signal: JobsSignal) => void): () => Promise<true> {
  let answered = () => {}
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = JSON.parse(line) as JobsSignal | 'done'
    if (said === 'done') answered()
    else onSignal(said)
  })
  return () =>
    new Promise((resolve) => {
      answered = () => resolve(true)
    })
}
