import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createEmulator } from '@gwh/emulator'
import { freePort } from '@gwh/testing'
import { untilAnswered } from '@gwh-test/support/until-answered'
import type { Project } from './project.ts'
import { root } from './release.ts'
import { cleanEnv } from './run.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const KEY = 'greeting'

/** The handler at the top of the README, word for word. */
export const readmeHandler: string = /```ts\n([\s\S]*?)```/.exec(
  readFileSync(join(root, 'README.md'), 'utf8'),
)![1]!

/** The same in JavaScript. */
export const asEsm = (handler: string): string => stripTypeScriptTypes(handler)

/** The same with `require`. */
export function asCommonJs(handler: string): string {
  const [imports, rest] = split(asEsm(handler))
  const required = imports.replaceAll(/import (\{[^}]+\}) from ('[^']+')/g, 'const $1 = require($2)')
  return `${required}\n;(async () => {\n${rest}\n})()\n`
}

function split(code: string): [string, string] {
  const lines = code.split('\n')
  const end = lines.findLastIndex((line) => line.startsWith('import ')) + 1
  return [lines.slice(0, end).join('\n'), lines.slice(end).join('\n')]
}

/** What came of one job: the answer to its webhook, and what the handler printed. */
export interface Received {
  status: number | undefined
  printed: string
}

/** What a test expects of the README's handler: it prints each row's key and response. */
export const HANDLED: Received = { status: 200, printed: `${KEY} {` }

/** Starts the README's handler as a program of its own, and has the emulator finish a batch for it. */
export async function deliverTo(
  project: Project,
  command: string,
  args: readonly string[],
  file: { name: string; text: string },
): Promise<Received> {
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}/webhooks/gemini`
  const emulator = createEmulator({ webhooks: [{ uri, secret: SECRET }], jobs: { batchMs: 3_600_000 } })
  const { url } = await emulator.listen({ port: 0 })
  project.write({ [file.name]: file.text.replace('port: 3000', `port: ${port}`) })
  const env = { GEMINI_WEBHOOK_SECRET: SECRET, GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: 'test' }
  const child = spawn(command, [...args, file.name], {
    cwd: project.folder,
    env: { ...cleanEnv(), ...env, DENO_DIR: join(project.folder, '../caches/deno') },
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  let errorOutput = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (errorOutput += text))
  const exited = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`the handler ended with ${code}:\n${errorOutput}`)))
  })
  exited.catch(() => {})
  const printed = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith(KEY) && resolve(line))
  })
  try {
    await Promise.race([untilAnswered(uri), exited])
    await emulator.finish(await createBatch(url))
    await Promise.race([emulator.settled(), exited])
    const status = emulator.deliveries()[0]?.attempts[0]?.status
    return { status, printed: await Promise.race([printed, exited]) }
  } finally {
    child.kill('SIGKILL')
    // Not `exit`: its output closes when no process below it is left.
    await closed
    await emulator.close()
  }
}

async function createBatch(url: string): Promise<string> {
  const request = { contents: [{ parts: [{ text: 'hello' }] }] }
  const requests = { requests: [{ request, metadata: { key: KEY } }] }
  const response = await fetch(`${url}/v1/models/gemini-3.8-flash:batchGenerateContent`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'test', 'content-type': 'application/json' },
    body: JSON.stringify({ batch: { inputConfig: { requests } } }),
  })
  return ((await response.json()) as { name: string }).name
}
