import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { freePort } from '@gwh/testing'
import { startGoogle, startProcess } from '@gwh-test/support'
import { untilAnswered } from '@gwh-test/support/until-answered'
import { expect, test } from 'vitest'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const handler = /```ts\n([\s\S]*?)```/.exec(readme)![1]!
const folder = new URL('../.readme/', import.meta.url).pathname

test('the handler at the top of the README receives and handles a delivery, unchanged', async () => {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/server.ts`, handler.replace('port: 3000', `port: ${port}`))
  const google = await startGoogle()
  const uri = `http://127.0.0.1:${port}/webhooks/gemini`
  const app = startProcess('node server.ts', folder, {
    GEMINI_WEBHOOK_SECRET: await google.register(uri),
    GOOGLE_GEMINI_BASE_URL: google.url,
    GEMINI_API_KEY: 'test',
  })
  await untilAnswered(uri)

  await google.emulator.trigger({ type: 'batch.succeeded' })
  // The batch that the emulator makes has one request, with this key.
  expect(await app.line(/^sample/)).toBe('sample {')

  expect(await app.stop()).toBe(0)
  await google.close()
  rmSync(folder, { recursive: true })
})

test('the handler at the top of the README fits in 12 lines', () => {
  expect(handler.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(12)
})
