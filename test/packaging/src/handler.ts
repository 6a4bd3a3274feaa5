import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort, signedDelivery } from '@gwh/testing'
import type { Project } from './project.ts'
import { root } from './release.ts'
import { cleanEnv } from './run.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const WAIT_MS = 30_000

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

/** The result of one signed delivery: the answer, and what the handler printed. */
export interface Received {
  status: number
  printed: string
}

/** Starts the README's handler as a program of its own and sends it one delivery. */
export async function deliverTo(
  project: Project,
  command: string,
  args: readonly string[],
  file: { name: string; text: string },
): Promise<Received> {
  const port = await freePort()
  project.write({ [file.name]: file.text.replace('port: 3000', `port: ${port}`) })
  const child = spawn(command, [...args, file.name], {
    cwd: project.folder,
    env: { ...cleanEnv(), GEMINI_WEBHOOK_SECRET: SECRET, DENO_DIR: join(project.folder, '../caches/deno') },
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
    createInterface({ input: child.stdout }).on('line', (line) => line.includes(' is done') && resolve(line))
  })
  try {
    const uri = `http://127.0.0.1:${port}/webhooks/gemini`
    await Promise.race([answers(uri), exited])
    const delivery = await signedDelivery({ secret: SECRET })
    const response = await fetch(uri, {
      method: 'POST',
      headers: delivery.headers,
      body: new Uint8Array(delivery.body),
    })
    return { status: response.status, printed: await Promise.race([printed, exited]) }
  } finally {
    child.kill('SIGKILL')
    // Not `exit`: its output closes when no process below it is left.
    await closed
  }
}

/** Waits until something answers, whatever the answer. */
async function answers(uri: string): Promise<void> {
  const end = performance.now() + WAIT_MS
  for (;;) {
    try {
      await fetch(uri)
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
