import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GoogleGenAI } from '@google/genai'
import type { Receiver } from '@gwh/core'
import { createEmulator } from '@gwh/emulator'
import { freePort } from '@gwh/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileAs, extract } from './snippets.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
// The snippets of the README use the set-up of the page.
const PAGES = [
  '../../../docs/migrate-from-polling.md',
  '../../../packages/genai/README.md',
  // Executed by a test of its own.
  '../../../docs/recipes/rotation.md',
]
const FOLDER = fileURLToPath(new URL('../.snippets-migrate', import.meta.url))

// `generateVideos` needs version 2 of the SDK, as the page says.
const VIDEO = /-video\.ts$/
const files = mkdtempSync(join(tmpdir(), 'gwh-migrate-'))
const emulator = createEmulator({ jobs: { batchMs: 60, interactionMs: 60, videoMs: 60 } })
const before = { ...process.env }

beforeAll(async () => {
  const { url } = await emulator.listen({ port: 0 })
  const port = await freePort()
  Object.assign(process.env, {
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_API_KEY: 'test',
    GWH_JWKS_URL: `${url}/.well-known/jwks.json`,
    GEMINI_DATABASE: join(files, 'gemini.db'),
    GWH_JOB_KEY: 'a job key of more than thirty-two characters',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  })
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, code] of PAGES.flatMap((page) => [...extract(read(page))])) {
    if (name === '(unnamed)') continue
    // The loops need not wait for seconds.
    const quick = code.replaceAll('sleep(5_000)', 'sleep(20)')
    writeFileSync(join(FOLDER, name), quick)
    if (name === 'gemini.ts') writeFileSync(join(FOLDER, 'gemini2.ts'), withVersion2(quick))
    if (VIDEO.test(name))
      writeFileSync(join(FOLDER, name), withVersion2(quick).replace('./gemini.ts', './gemini2.ts'))
  }
})

afterAll(async () => {
  for (const setup of ['gemini.ts', 'gemini2.ts']) {
    const { jobs, server } = (await load(setup)) as Setup
    await jobs.close()
    await server.close()
  }
  await emulator.close()
  process.env = before
  for (const folder of [FOLDER, files]) rmSync(folder, { recursive: true, force: true })
})

interface Setup {
  jobs: { close(): Promise<void> }
  server: { close(): Promise<void> }
}

/** The set-up beside the other one: on a port and a database of its own. */
function withVersion2(code: string): string {
  return code
    .replace("from '@google/genai'", "from 'genai2'")
    .replace('Number(process.env.PORT)', 'Number(process.env.PORT) + 1')
    .replace(
      'process.env.PUBLIC_URL}',
      'process.env.PUBLIC_URL!.replace(/\\d+$/, (port) => String(Number(port) + 1))}',
    )
    .replace("process.env.GEMINI_DATABASE ?? 'gemini.db'", "process.env.GEMINI_DATABASE + '2'")
}

const load = async (name: string): Promise<object> => await import(/* @vite-ignore */ join(FOLDER, name))

test('every snippet compiles with the tsconfig.json of the README', () => {
  expect(compileAs(read('../../../packages/genai/README.md'), FOLDER)).toEqual([])
}, 120_000)

interface Client {
  client: GoogleGenAI
  webhook(): Promise<{ uris: string[]; user_metadata: Record<string, unknown> }>
}

interface Work {
  translate(texts: string[]): Promise<unknown[]>
  research(question: string): Promise<unknown>
}

test('the loops before and the webhooks after give the same results', async () => {
  for (const name of ['polling.ts', 'webhooks.ts']) {
    const { translate, research } = (await load(name)) as Work
    const [responses, answer] = await Promise.all([translate(['one', 'two']), research('why?')])
    expect(responses, name).toMatchObject([
      { candidates: [{ content: { parts: [{ text: 'Echo: one' }] } }] },
      { candidates: [{ content: { parts: [{ text: 'Echo: two' }] } }] },
    ])
    expect(answer, name).toBe('Echo: why?')
  }
})

test('so do those of videos', async () => {
  const sizes: number[] = []
  for (const name of ['polling-video.ts', 'webhooks-video.ts']) {
    const { film } = (await load(name)) as { film(prompt: string, path: string): Promise<void> }
    const path = join(files, `${name}.mp4`)
    await film('a cat', path)
    sizes.push(statSync(path).size)
  }
  expect(sizes[0]).toBeGreaterThan(0)
  expect(sizes[1]).toBe(sizes[0])
})

test.each(['interaction-film.ts', 'rest-film.ts'])('%s makes a video with version 3', async (name) => {
  const { film } = (await load(name)) as { film(prompt: string, path: string): Promise<void> }
  const path = join(files, `${name}.mp4`)
  await film('a cat', path)
  expect(statSync(path).size).toBeGreaterThan(0)
})

test('a handler gets the jobs of its group', async () => {
  const { answers, startResearch } = (await load('handler.ts')) as {
    answers: Map<string, string>
    startResearch(question: string): Promise<{ id: string }>
  }
  const { id } = await startResearch('how?')
  await expect.poll(() => answers.get(id), { timeout: 20_000 }).toBe('Echo: how?')
})

test('the rows of a batch are typed, as in the README', async () => {
  const { client, webhook } = (await load('gemini.ts')) as Client
  const { texts } = (await load('rows.ts')) as { texts: Map<string, string> }
  const src = [{ contents: [{ parts: [{ text: 'one' }] }], metadata: { key: 'k1' } }]
  const config = { webhookConfig: await webhook() }
  await client.batches.create({ model: 'gemini-3.8-flash', src, config })
  await expect.poll(() => texts.get('k1'), { timeout: 20_000 }).toBe('Echo: one')
})

/** Ends an interaction with a call of a function once the emulator has it. */
const callFunction = async (id: string, name: string) =>
  void (await emulator.finish(id, { outcome: 'requires_action', requiresAction: [{ name }] }))

test('function calls are answered once, as in the README', async () => {
  const { client, receiver } = (await load('gemini.ts')) as Client & { receiver: Receiver }
  const { askWeather } = (await load('weather.ts')) as {
    askWeather(question: string): Promise<{ id: string }>
  }
  const ended: string[] = []
  receiver.on('interaction.completed', ({ id }) => void ended.push(id))
  const { id } = await askWeather('Oslo?')
  await callFunction(id, 'weather')
  const continued = async () => {
    const found = await Promise.all(ended.map((one) => client.interactions.get(one)))
    return found.filter(({ previous_interaction_id }) => previous_interaction_id === id).length
  }
  await expect.poll(continued, { timeout: 20_000 }).toBe(1)
})

test('code that waits follows function calls to the final answer, as in the README', async () => {
  const { ask } = (await load('ask.ts')) as { ask(question: string): Promise<string> }
  emulator.scenarios.add({
    when: { kind: 'interaction' },
    then: { outcome: 'requires_action', requiresAction: [{ name: 'time' }] },
    times: 1,
  })
  expect(await ask('what time is it?')).toMatch(/^Echo/)
})

test('a process that only awaits gets the rows, and the server the event', async () => {
  const { receiver } = (await load('gemini.ts')) as { receiver: Receiver }
  const { translate, close } = (await load('await-only.ts')) as {
    translate(text: string): Promise<unknown[]>
    close(): Promise<void>
  }
  const handled: string[] = []
  receiver.on('batch.succeeded', ({ id }) => void handled.push(id))
  expect(await translate('one')).toMatchObject([
    { candidates: [{ content: { parts: [{ text: 'Echo: one' }] } }] },
  ])
  await expect.poll(() => handled.length, { timeout: 20_000 }).toBe(1)
  await close()
})

test('50 jobs in flight are moved without losing one', async () => {
  const { client, receiver } = (await load('gemini.ts')) as { client: GoogleGenAI; receiver: Receiver }
  const { open, sweep } = (await load('in-flight.ts')) as {
    open: Set<string>
    sweep(): Promise<{ missed: string[] }>
  }
  const handled: string[] = []
  receiver.on('batch.succeeded', ({ id }) => void handled.push(id))
  const names = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const src = [{ contents: [{ parts: [{ text: 'old' }] }] }]
      return (await client.batches.create({ model: 'gemini-3.8-flash', src })).name!
    }),
  )
  for (const name of names) open.add(name)
  await expect
    .poll(
      async () => {
        await sweep()
        return open.size
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBe(0)
  expect(handled.filter((id) => names.includes(id)).sort()).toEqual(names.sort())
})

test('the sweep at the start finds nothing left to do', async () => {
  expect(await load('start.ts')).toMatchObject({ missed: [], running: [], failed: [] })
})
