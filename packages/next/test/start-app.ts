import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gwh/testing'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const next = here('../node_modules/next/dist/bin/next')
// Nothing may access the network, not even to check for a newer version.
const offline = { NEXT_TELEMETRY_DISABLED: '1', npm_config_registry: 'http://127.0.0.1:9', CI: '1' }

/** Builds the fixture as its users would: from what is published, without any of its secrets. */
export async function buildApp(): Promise<void> {
  if (!existsSync(here('../dist/index.js'))) throw new Error('build first: npx pnpm@12 build')
  const { NODE_ENV: _, ...inherited } = process.env
  const child = spawn(process.execPath, [next, 'build', here('fixture')], {
    env: { ...inherited, ...offline },
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(output.join(''))
}

/** The built app, started. */
export interface App {
  url: string
  database: string
  /** Resolves once it has printed a signal that matches; each is found once. */
  signal(matches: (signal: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  /** Lets every waiting and future handler continue. */
  openGate(): void
  stop(): Promise<number | null>
}

export async function startApp(secrets: Record<string, string>): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-next-'))
  const database = join(folder, 'deliveries.db')
  const gate = await startGate()
  const port = await freePort()
  const { NODE_ENV: _, ...inherited } = process.env
  const env = { ...inherited, ...offline, ...secrets, DATABASE: database, GATE: gate.url }
  const child = spawn(
    process.execPath,
    [next, 'start', here('fixture'), '-p', String(port), '-H', '127.0.0.1'],
    {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const url = `http://127.0.0.1:${port}`
  const signal = watch(child)
  await answers(url, child)
  return {
    url,
    database,
    signal,
    openGate: gate.open,
    async stop() {
      gate.open()
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      const [code] = await closed
      gate.close()
      rmSync(folder, { recursive: true })
      return code
    },
  }
}

function watch(child: ChildProcess): App['signal'] {
  const seen: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (!line.startsWith('{')) return
    seen.push(JSON.parse(line))
    for (const look of waiting) look()
  })
  return (matches) =>
    new Promise((resolve) => {
      const look = () => {
        const index = seen.findIndex(matches)
        if (index < 0) return
        waiting.delete(look)
        resolve(seen.splice(index, 1)[0]!)
      }
      waiting.add(look)
      look()
    })
}

/** Handlers of the app call this server, which answers once the gate is open. */
async function startGate() {
  const open = Promise.withResolvers<void>()
  const server = createServer(async (_, response) => {
    await open.promise
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, open: () => open.resolve(), close: () => server.close() }
}

/** Waits until something answers at the address, whatever the answer. */
async function answers(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    try {
      await fetch(url)
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  throw new Error('the app did not start')
}
