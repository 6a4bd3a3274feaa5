import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createEmulator } from '@gwh/emulator'
import { expect, test } from 'vitest'
import { freePort, register } from './support.ts'

const server = new URL('../src/server.ts', import.meta.url).pathname

test('the sample receives, keeps and handles a delivery, and ends cleanly on SIGTERM', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-sample-'))
  const emulator = createEmulator()
  const { url } = await emulator.listen({ port: 0 })
  const port = await freePort()
  const webhook = await register(url, `http://127.0.0.1:${port}/webhooks/gemini`)
  const child = spawn(process.execPath, [server], {
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE: join(folder, 'deliveries.db'),
      GEMINI_WEBHOOK_SECRET: webhook.new_signing_secret,
    },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => (await lines.next()).value as string

  expect(await next()).toMatch(/^listening on http:/)
  await emulator.trigger({ type: 'batch.succeeded', data: { id: 'abc', output_file_uri: 'files/batch-abc' } })
  expect([await next(), await next()].sort()).toEqual([
    expect.stringMatching(/^accepted/),
    expect.stringMatching(/^batch done: batches\/abc files\/batch-abc [0-9a-f]{64}$/),
  ])

  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  await emulator.close()
  rmSync(folder, { recursive: true })
})
