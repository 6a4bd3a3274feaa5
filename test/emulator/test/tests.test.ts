import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { GoogleGenAI, JobState } from '@google/genai'
import { createReceiver } from '@gwh/core'
import { createEmulator, recordedTest } from '@gwh/emulator'
import { serve } from '@gwh/node'
import { geminiTest } from '@gwh/testing/vitest'
import { describe, expect, onTestFinished, test } from 'vitest'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const src = [{ contents: [{ parts: [{ text: 'one' }] }] }]
const before = process.env.GOOGLE_GEMINI_BASE_URL

describe('geminiTest', () => {
  const withGemini = geminiTest(() => createEmulator({ jobs: { batchMs: 3_600_000 } }))

  withGemini('a job ends when the test says so', async ({ gemini }) => {
    expect(process.env.GOOGLE_GEMINI_BASE_URL).toBe(gemini.url)
    const client = new GoogleGenAI({})
    const job = await client.batches.create({ model: 'gemini-3.8-flash', src })
    await gemini.finish(job)
    await gemini.settled()
    expect((await client.batches.get({ name: job.name! })).state).toBe(JobState.JOB_STATE_SUCCEEDED)
  })

  test('the environment is as before afterwards', () => {
    expect(process.env.GOOGLE_GEMINI_BASE_URL).toBe(before)
  })
})

test.each(['readme.test.ts', 'readme-static.test.ts', 'readme-missed.test.ts'])(
  'the README of @gwh/testing shows %s',
  (name) => {
    const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
    expect(read('../../../packages/testing/README.md')).toContain(read(`./${name}`))
  },
)

describe('recordedTest', () => {
  test('the recorded file passes against the receiver it was recorded with, and fails against another', async () => {
    const { url, emulator } = await startReceiver()
    await emulator.trigger({
      type: 'batch.succeeded',
      data: { id: 'batches/"x"' },
      userMetadata: { a: "it's" },
    })
    await emulator.trigger({ type: 'video.generated', data: { id: 'v' }, uris: [url] })
    await emulator.settled()
    const text = recordedTest(emulator.deliveries())
    expect(text).not.toContain(SECRET)
    expect(await run(text, url)).toBe(0)
    expect(await run(text, await brokenReceiver())).toBe(1)
  })

  test('nothing that ended is nothing to record', () => {
    expect(() => recordedTest([])).toThrow(TypeError)
  })
})

/** A receiver of static deliveries only, and an emulator that has it registered. */
async function startReceiver() {
  const receiver = createReceiver({ static: { secrets: SECRET } }).on('*', () => {})
  const server = await serve(receiver, { port: 0 })
  onTestFinished(() => server.close())
  const emulator = createEmulator({
    webhooks: [{ uri: server.url, secret: SECRET }],
    retry: { scheduleMs: [0] },
  })
  onTestFinished(() => emulator.close())
  return { url: server.url, emulator }
}

/** The URL of a server that fails at everything. */
async function brokenReceiver(): Promise<string> {
  const server = createServer((_, response) => void response.writeHead(500).end()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = `${root}test/emulator/recorded-${process.pid}`

/** Runs a test file and returns its exit code, from a folder of its own in which the packages are found. */
async function run(text: string, url: string): Promise<number> {
  mkdirSync(folder)
  try {
    writeFileSync(`${folder}/recorded.test.ts`, text)
    const env = { ...process.env, RECEIVER_URL: url, GEMINI_WEBHOOK_SECRET: SECRET }
    const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', folder]
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' })
    const [status] = await once(child, 'exit')
    return status
  } finally {
    rmSync(folder, { recursive: true })
  }
}
