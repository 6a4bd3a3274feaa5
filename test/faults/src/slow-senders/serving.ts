// What the servers of `idle-sockets` share, using only what every runtime has.
import process from 'node:process'
import { createReceiver, type Receiver } from '@gwh/core'
import type { RunningServer, ServeOptions } from '@gwh/core/adapter'
import { reserving } from '../mutations-limiter.ts'
import { SETTINGS } from '../settings.ts'

/** What a server is started with. */
export interface ServingSettings {
  secret: string
  mutant: boolean
}

type Serve = (receiver: Receiver, options: ServeOptions) => Promise<RunningServer>

/** Serves a receiver on any free port, prints the port, and ends when its standard input does. */
export async function startServing(serve: Serve): Promise<void> {
  const { secret, mutant }: ServingSettings = JSON.parse(process.env[SETTINGS] ?? '{}')
  process.stdin.on('end', () => process.exit()).resume()
  const patient = mutant ? { bodyIdleMs: 10_000, minBodyBytesPerSecond: 0 } : {}
  const receiver = createReceiver({ static: { secrets: secret }, ...patient })
  receiver.on('*', () => {})
  const { port } = await serve(mutant ? reserving(receiver) : receiver, { port: 0, hostname: '127.0.0.1' })
  console.log(`port ${port}`)
}
