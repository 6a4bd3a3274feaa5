import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RUNTIMES } from '@gwh-test/support/runtimes'
import { SETTINGS } from '../settings.ts'
import type { ServingSettings } from './serving.ts'

const SCRIPTS = {
  Node: { command: RUNTIMES['Node 24'], script: 'on-node.ts' },
  Bun: { command: RUNTIMES.Bun, script: 'on-bun.ts' },
  Deno: { command: RUNTIMES.Deno, script: 'on-deno.ts' },
} as const

/** The runtimes that can serve. */
export type ServingRuntime = keyof typeof SCRIPTS

/** A server in a process of its own. */
export interface ServerProcess {
  port: number
  stop(): Promise<void>
}

/** Starts a server; its standard error is shown. */
export async function startServer(
  runtime: ServingRuntime,
  settings: ServingSettings,
): Promise<ServerProcess> {
  const { command, script } = SCRIPTS[runtime]
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(command[0], [...command.slice(1), file], {
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', [SETTINGS]: JSON.stringify(settings) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const said = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line)),
    ended.then(() => 'ended'),
  ])
  if (!said.startsWith('port ')) throw new RangeError(`the server on ${runtime} did not start: ${said}`)
  return {
    port: Number(said.slice('port '.length)),
    async stop() {
      // Not a signal: Deno is started by a script that would not forward it.
      child.stdin.end()
      await ended
    },
  }
}
