import { type ChildProcess, fork } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Report } from './report.ts'

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts the receiver in a process of its own; resolves once it listens. */
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
