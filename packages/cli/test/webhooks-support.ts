import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createEmulator } from '@gwh/emulator'
import { expect, onTestFinished } from 'vitest'
import { emptyFolder, gwh } from './support.ts'

/** Where the webhooks of the tests send to. */
export const URI = 'https://app.example/webhooks/gemini'
/** A whole signing secret, which no output may have. */
export const SECRET = /whsec_[\w+/]{40,}=*/

/** A project with an emulator, and `gwh webhooks` in it. */
export async function setUp() {
  const emulator = createEmulator()
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  const cwd = emptyFolder()
  const env = { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: 'test' }
  const webhooks = (...args: string[]) => gwh(cwd, ['webhooks', ...args], env)
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await webhooks(...args, '--json')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }
  const dotenv = () => readFileSync(join(cwd, '.env'), 'utf8')
  return { cwd, env, webhooks, json, dotenv, emulator }
}

/** An API that makes a directory of `.env` while it makes a secret. */
export function startSpoiler(cwd: string, url: string): Promise<string> {
  return startProxy(url, (method) => {
    if (method !== 'POST') return
    rmSync(join(cwd, '.env'), { recursive: true, force: true })
    mkdirSync(join(cwd, '.env'))
  })
}

/** An API that does something before it answers. */
export async function startProxy(url: string, meddle: (method: string) => unknown): Promise<string> {
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '' } = request
    const body = await buffer(request)
    const headers = { 'x-goog-api-key': 'test', 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method, headers, ...(method === 'POST' && { body }) })
    await meddle(method)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
