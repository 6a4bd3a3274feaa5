import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Report } from './report.ts'

/** Starts the receiver in a separate process; resolves when it listens. */
export async function startReceiver(
  env: Record<string, string>,
  onReport: (report: Report) => void,
): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./receiver.ts', import.meta.url)), {
    env: { ...process.env, ...env },
  })
  child.on('message', (report) => onReport(report as Report))
  await new Promise<void>((resolve, reject) => {
    child.on('message', (report) => (report as Report).type === 'listening' && resolve())
    child.once('exit', (code) => reject(new Error(`the receiver exited with code ${code}`)))
  })
  return child
}

/** Asks a process to end and waits until it has. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await exited
}
