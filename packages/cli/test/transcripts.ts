import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createReceiver } from '@gwh/core'
import type { QueuedDelivery } from '@gwh/core/queue'
import { createEmulator } from '@gwh/emulator'
import { createNodeHandler } from '@gwh/node'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { FIXTURE_EVENTS, freePort, queuedDelivery, signedDelivery } from '@gwh/testing'
import { onTestFinished } from 'vitest'
import { ENVIRONMENT, emptyFolder } from './support.ts'

const GWH = fileURLToPath(new URL('../src/gwh.ts', import.meta.url))
const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

/** A place where the transcripts of docs/cli.md can run. */
export interface Stage {
  /** Runs a command line in a shell; returns both streams in the order in which they were written, and the code. */
  run(line: string): Promise<{ text: string; code: number | null }>
  /** Replaces what differs from run to run. */
  settle(text: string): string
}

/** Starts an emulator and a receiver, and fills a folder with what the commands read. */
export async function setStage(): Promise<Stage> {
  const cwd = emptyFolder()
  const [apiPort, receiverPort] = [await freePort(), await freePort()]
  const forward = `http://127.0.0.1:${receiverPort}/webhooks/gemini`
  const emulator = createEmulator({ webhooks: [{ name: 'gwh dev', uri: forward, secret: SECRET }] })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: apiPort })
  await startReceiver(receiverPort)
  await writeDeliveries(cwd)
  await fillQueue(join(cwd, 'deliveries.db'))
  const env = {
    ...ENVIRONMENT,
    PATH: `${makeCommand()}:${process.env.PATH}`,
    GOOGLE_GEMINI_BASE_URL: url,
    GWH_CONTROL_TOKEN: emulator.controlToken,
    GWH_JWKS_URL: `${url}/.well-known/jwks.json`,
    GEMINI_API_KEY: 'test',
    GEMINI_WEBHOOK_SECRET: SECRET,
  }
  let registered = 'none'
  return {
    async run(line) {
      const result = await runLine(
        line.replaceAll(':3000/', `:${receiverPort}/`).replace('<id>', registered),
        cwd,
        env,
      )
      registered = /\(([a-z\d]{36})\): created/.exec(result.text)?.[1] ?? registered
      return result
    },
    settle: (text) => settle(text, [apiPort, receiverPort]),
  }
}

async function startReceiver(port: number): Promise<void> {
  const receiver = createReceiver({ static: { secrets: SECRET }, bodyTimeoutMs: 300, observer: () => {} })
  const server = createServer(createNodeHandler(receiver, { path: '/webhooks/gemini' }))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
}

async function writeDeliveries(cwd: string): Promise<void> {
  const timestamp = Date.UTC(2026, 10, 20, 12) / 1000
  const body = JSON.stringify(FIXTURE_EVENTS['batch.succeeded'])
  const { headers } = await signedDelivery({ secret: SECRET, id: 'msg_0123', timestamp, body })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  const toRequest = (text: string) => `POST /webhooks/gemini HTTP/1.1\n${lines.join('')}\n${text}`
  writeFileSync(join(cwd, 'request.http'), toRequest(body))
  writeFileSync(join(cwd, 'reformatted.http'), toRequest(JSON.stringify(JSON.parse(body), null, 2)))
}

/** One delivery that was handled and two that died. */
async function fillQueue(path: string): Promise<void> {
  const receivedAt = Date.now() - 3_600_000
  const queue = createSqliteQueue({ path, retainBodies: { forMs: 86_400_000 } })
  for (const number of [1, 2, 3]) {
    await queue.enqueue(
      queuedDelivery({ id: `msg_${number}`, key: `default:msg_${number}`, receivedAt: receivedAt + number }),
    )
  }
  const process = async ({ id }: QueuedDelivery) => {
    if (id !== 'msg_1') throw new TypeError(id === 'msg_2' ? 'connect ECONNREFUSED' : 'no such customer')
  }
  await queue.drain(process, { maxAttempts: 1 })
  await queue.close()
}

/** A folder with a `gwh` that runs from source. */
function makeCommand(): string {
  const folder = join(emptyFolder(), 'bin')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'gwh'),
    `#!/bin/sh\nexec '${process.execPath}' --conditions=@gwh/source '${GWH}' "$@"\n`,
  )
  chmodSync(join(folder, 'gwh'), 0o755)
  return folder
}

function runLine(line: string, cwd: string, env: Record<string, string>) {
  return new Promise<{ text: string; code: number | null }>((resolve) => {
    const child = spawn('sh', ['-c', `exec 2>&1; ${line}`], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.once('close', (code) => resolve({ text, code }))
  })
}

function settle(text: string, [apiPort, receiverPort]: readonly [number, number]): string {
  // One digit less leaves a column of a table one character short.
  const inTable = new RegExp(`(?<=^[a-z\\d]{36} .*):${receiverPort}/webhooks/gemini`, 'gm')
  return text
    .replace(inTable, `:3000/webhooks/gemini${' '.repeat(String(receiverPort).length - 4)}`)
    .replaceAll(`:${apiPort}`, ':8787')
    .replaceAll(`:${receiverPort}`, ':3000')
    .replace(/(?<=Google's side +http:\/\/127\.0\.0\.1:)\d+/g, '8787')
    .replace(/^http:\/\/127\.0\.0\.1:\d+$/gm, 'http://127.0.0.1:8787')
    .replace(/(?<=http:\/\/127\.0\.0\.1:)\d+\/#ticket=\w+/g, '8787/…')
    .replace(/msg_[\da-f]{8}-[\da-f-]{27}/g, 'msg_0a1b2c3d-…')
    .replace(/\b[a-z\d]{36}\b/g, 'w0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7')
    .replace(/whsec_\.\.\..{4}/g, 'whsec_...MnM=')
    .replace(/20\d\d-\d\d-\d\dT[\d:.]+Z/g, '2026-11-20T12:00:00.000Z')
    .replace(/20\d\d-\d\d-\d\dT[\d:.]+\+[\d:]+/g, '2026-11-20T12:00:00Z')
    .replace(/\b17\d{11}\b/g, '1795176000000')
    .replace(/sent \d+ s before/g, 'sent 3600 s before')
    .replace(/\bbatch-\d+/g, 'batch-1')
    .replace(/"(at|createdAt|startedAt|nextAttemptAt|dueAt)":[\d.]+/g, '"$1":1795176000000')
    .replace(/time="[\d.]+"/g, 'time="0.01"')
    .replace(/(?<=Node\.js: |SQLite: )[\d.]+/g, (version) => (version.startsWith('3') ? '3.53.0' : '24.9.0'))
    .replace(/(?<=packages: ).*/g, '…')
    .replace(/-?\d+ s off/g, '0 s off')
    .trimEnd()
}
