import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'

/** A private `redis-server` for tests: it can be killed, paused and started again on the same port and data. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Sends a signal to the process, for example `SIGKILL` or `SIGSTOP`; waits for the exit if the signal ends it. */
  signal(signal: NodeJS.Signals): Promise<void>
  /** Starts it again after it was ended. */
  start(): Promise<void>
  /** Stops it and deletes its data. */
  stop(): Promise<void>
}

const READY_TRIES = 3_000
const READY_EVERY_MS = 10

/**
 * Starts Debian's `redis-server` on a free loopback port, in a folder of its own.
 *
 * @param args More arguments, for example `--appendfsync always`
 * @throws Error When there is no `redis-server` on the path, or it does not come up
 */
export async function startRedisServer(...args: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-redis-'))
  const port = await freePort()
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--loglevel',
    'warning',
  ]
  let child: ChildProcess | undefined
  // A test run that is cut short must not leave a server behind.
  const killOnExit = () => child?.kill('SIGKILL')
  process.once('exit', killOnExit)

  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async signal(signal) {
      const exited = child && new Promise((resolve) => child!.once('exit', resolve))
      child?.kill(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited
    },
    async start() {
      if (isRunning(child)) throw new RangeError('redis-server is running already')
      const started = spawn('redis-server', [...settings, ...args], { stdio: 'ignore' })
      child = started
      const failed = new Promise<never>((_, reject) => {
        started.once('error', (error) => reject(new RangeError(`redis-server is needed: ${error.message}`)))
        started.once('exit', (code) => reject(new RangeError(`redis-server exited with code ${code}`)))
      })
      failed.catch(() => {})
      await Promise.race([isReady(port), failed])
    },
    async stop() {
      if (isRunning(child)) await server.signal('SIGKILL')
      process.off('exit', killOnExit)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start().catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  return server
}

function isRunning(child: ChildProcess | undefined): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null
}

/** Waits until the port answers PING. */
async function isReady(port: number): Promise<void> {
  for (let tries = 0; tries < READY_TRIES; tries++) {
    if (await answersPing(port)) return
    await sleep(READY_EVERY_MS)
  }
  throw new RangeError('redis-server did not come up')
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const settle = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('data', (answer) => settle(String(answer).startsWith('+PONG')))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
  })
}
