import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { freePort, queuedDelivery, signedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { findSetting } from '../src/lib/project/configuration.ts'
import { findApi } from '../src/lib/webhooks/client.ts'
import { emptyFolder, gwh, start } from './support.ts'

/** A folder in which `gwh dev` runs, with a receiver that records requests as raw HTTP, and no variable set. */
async function setUp() {
  const cwd = emptyFolder()
  const received: string[] = []
  const port = await freePort()
  const server = createServer(async (request, response) => {
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\n`)
    received.push(`POST / HTTP/1.1\n${lines.join('')}\n${await buffer(request)}`)
    response.end()
  }).listen(port, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  const forward = `http://127.0.0.1:${port}/hook`
  const dev = start(cwd, ['dev', '--port', '0', '--forward', forward, '--queue', 'gemini.db'])
  await dev.saw(/Ctrl-C/)
  const kept = JSON.parse(readFileSync(join(cwd, '.gwh/dev.json'), 'utf8'))
  return { cwd, dev, kept, received, forward }
}

test('in a folder of gwh dev, every command works without a variable', async () => {
  const { cwd, dev, kept, received, forward } = await setUp()
  const queue = createSqliteQueue({ path: join(cwd, 'gemini.db') })
  await queue.enqueue(queuedDelivery())
  await queue.close()
  expect(await gwh(cwd, ['trigger', 'batch.succeeded', '--dynamic'])).toMatchObject({ code: 0, stderr: '' })
  await dev.saw(/<-- \[200\]/)
  expect(received[0]).toContain('webhook-signature: v1a,')
  expect(await gwh(cwd, ['verify'], {}, received[0])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/scheme +dynamic/),
  })
  const { headers, body } = await signedDelivery({ secret: kept.secret, body: '{}' })
  const signed = JSON.stringify({ headers, body: Buffer.from(body).toString() })
  expect((await gwh(cwd, ['verify'], {}, signed)).code).toBe(0)
  expect(await gwh(cwd, ['webhooks', 'list'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(forward),
    stderr: `With the emulator of \`gwh dev\` at ${kept.url}.\n`,
  })
  expect(await gwh(cwd, ['queue', 'stats'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/pending +1/),
  })
  const { stdout } = await gwh(cwd, ['doctor'])
  expect(stdout).toMatch(/^ok +secrets: \.gwh: whsec_/m)
  expect(stdout).toContain(`at ${kept.url}/.well-known/jwks.json`)
  expect(stdout).toMatch(/^ok +queue: 1 pending/m)
  dev.kill('SIGINT')
  await dev.finished
  const without = await gwh(cwd, ['doctor'])
  expect(without.stdout).toMatch(/^FAILED +public keys: .*\n +Start what serves it, such as `gwh dev`/m)
})

const SETTINGS = {
  secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  controlToken: 'a-token-for-the-tests',
  url: 'http://127.0.0.1:8787',
  queue: 'gemini.db',
}

function keptIn(settings: object): string {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, '.gwh'))
  writeFileSync(join(cwd, '.gwh/dev.json'), JSON.stringify(settings))
  return cwd
}

test('the environment comes before .gwh, and an empty variable is none', async () => {
  const cwd = keptIn(SETTINGS)
  const find = (env: Record<string, string>, ...names: string[]) => findSetting({ env, cwd }, ...names)
  expect(await find({ GWH_QUEUE: 'mine.db' }, 'GWH_QUEUE')).toEqual({ value: 'mine.db', source: 'GWH_QUEUE' })
  expect(await find({ GWH_QUEUE: '' }, 'GWH_QUEUE')).toEqual({ value: 'gemini.db', source: '.gwh' })
  expect(await find({ B: 'b' }, 'GEMINI_WEBHOOK_SECRET', 'B')).toEqual({ value: 'b', source: 'B' })
  expect(await find({}, 'GEMINI_WEBHOOK_SECRET', 'B')).toEqual({ value: SETTINGS.secret, source: '.gwh' })
  expect(await find({}, 'GWH_JOB_KEY')).toBeUndefined()
})

test('an API key of the environment never goes to the emulator of .gwh', async () => {
  const cwd = keptIn(SETTINGS)
  const mine = { GEMINI_API_KEY: 'mine' }
  expect(await findApi({ env: mine, cwd })).toEqual({ apiKey: 'mine', baseUrl: undefined, isKept: false })
  expect(await findApi({ env: {}, cwd })).toEqual({ apiKey: 'gwh-dev', baseUrl: SETTINGS.url, isKept: true })
})

test.each([
  { url: 'https://evil.example' },
  { url: 'http://127.0.0.1:1@evil.example' },
  { webhook: 'a b' },
  { secret: 'a\nb' },
  { queue: 7 },
])('kept settings that gwh dev did not write are refused: %j', async (change) => {
  const cwd = keptIn({ ...SETTINGS, ...change })
  expect(await gwh(cwd, ['queue', 'stats'])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('is damaged'),
  })
})
