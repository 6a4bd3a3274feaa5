import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createEmulator } from '@gwh/emulator'
import { expect, test } from 'vitest'
import { freePort, register } from './support.ts'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const handler = /```ts\n([\s\S]*?)```/.exec(readme)![1]!
const folder = new URL('../.readme/', import.meta.url).pathname

test('the handler at the top of the README receives and handles a delivery as it stands there', async () => {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/server.ts`, handler.replace('port: 3000', `port: ${port}`))
  const emulator = createEmulator()
  const { url } = await emulator.listen({ port: 0 })
  const uri = `http://127.0.0.1:${port}/webhooks/gemini`
  const { new_signing_secret } = await register(url, uri)
  const child = spawn(process.execPath, ['server.ts'], {
    cwd: folder,
    env: { ...process.env, GEMINI_WEBHOOK_SECRET: new_signing_secret },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await listens(uri)

  await emulator.trigger({ type: 'batch.succeeded', data: { id: 'abc', output_file_uri: 'files/batch-abc' } })
  expect(await find(lines, 'batches/')).toMatch(
    /^batches\/abc is done, its result is in files\/batch-abc [0-9a-f]{64}$/,
  )

  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await exited
  await emulator.close()
  rmSync(folder, { recursive: true })
})

test('the handler at the top of the README fits in 12 lines', () => {
  expect(handler.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(12)
})

/** The first line that begins so: the observer prints lines of its own. */
async function find(lines: AsyncIterator<string>, start: string): Promise<string> {
  for (;;) {
    const { value } = await lines.next()
    if (String(value).startsWith(start)) return value
  }
}

/** Waits until something answers at the address, whatever it says. */
async function listens(uri: string): Promise<void> {
  for (;;) {
    try {
      await fetch(uri)
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
