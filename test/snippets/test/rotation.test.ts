import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GoogleGenAI } from '@google/genai'
import type { Receiver } from '@gwh/core'
import { createEmulator } from '@gwh/emulator'
import { serve } from '@gwh/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { extract } from './snippets.ts'

const PAGE = new URL('../../../docs/recipes/rotation.md', import.meta.url)
const FOLDER = fileURLToPath(new URL('../.snippets-rotation', import.meta.url))
const files = mkdtempSync(join(tmpdir(), 'gwh-rotation-'))
const emulator = createEmulator({ jobs: { interactionMs: 20 } })
const before = { ...process.env }

beforeAll(async () => {
  const { url } = await emulator.listen({ port: 0 })
  Object.assign(process.env, {
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_API_KEY: 'test',
    SECRETS_FILE: join(files, 'secrets.json'),
  })
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, code] of extract(readFileSync(PAGE, 'utf8'))) writeFileSync(join(FOLDER, name), code)
})

afterAll(async () => {
  await emulator.close()
  process.env = before
  for (const folder of [FOLDER, files]) rmSync(folder, { recursive: true, force: true })
})

const load = async (name: string): Promise<object> => await import(/* @vite-ignore */ join(FOLDER, name))

test('deliveries pass before and after a rotation, without a restart', async () => {
  const { receiver } = (await load('secrets.ts')) as { receiver: Receiver }
  const { rotate } = (await load('rotate.ts')) as { rotate(webhook: string): Promise<unknown> }
  const handled: string[] = []
  receiver.on('interaction.completed', ({ id }) => void handled.push(id))
  const server = await serve(receiver, { port: 0 })
  const client = new GoogleGenAI({})
  const { id, new_signing_secret: secret } = await client.webhooks.create({
    name: 'rotation',
    uri: server.url,
    subscribed_events: ['interaction.completed'],
  })
  writeFileSync(process.env.SECRETS_FILE!, JSON.stringify([{ secret }]))
  const run = async () => {
    const job = await client.interactions.create({ model: 'gemini-3.8-flash', input: 'hi', background: true })
    await expect.poll(() => handled, { timeout: 30_000 }).toContain(job.id)
  }
  await run()
  await rotate(id!)
  await run()
  expect(JSON.parse(readFileSync(process.env.SECRETS_FILE!, 'utf8'))).toHaveLength(2)
  await server.close()
}, 60_000)
