import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from '@gwh/core'
import { EVENT_TYPES, type WebhookEvent } from '@gwh/core/events'
import { createNodeHandler } from '@gwh/node'
import { freePort } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const OTHER = 'whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA='

/** A receiver of static webhooks that records what it handles. */
async function setUp() {
  const handled: WebhookEvent[] = []
  const receiver = createReceiver({ static: { secrets: SECRET }, observer: () => {} })
  for (const type of EVENT_TYPES) receiver.on(type, (event) => void handled.push(event))
  const server = createServer(createNodeHandler(receiver, { path: '/hook' })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  const url = `http://localhost:${(server.address() as AddressInfo).port}/hook`
  return { handled, url }
}

const send = (words: readonly string[], env: Record<string, string> = { GEMINI_WEBHOOK_SECRET: SECRET }) =>
  gwh(emptyFolder(), ['trigger', 'batch.succeeded', '--static', ...words], env)

test('--static sends a signed event straight to a receiver, with no emulator and no trace', async () => {
  const { handled, url } = await setUp()
  const cwd = emptyFolder()
  const args = ['trigger', 'video.generated', '--static', '--to', url, '--metadata', 'customer=7']
  const { code, stdout, stderr } = await gwh(cwd, args, { GEMINI_WEBHOOK_SECRET: SECRET })
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^video\.generated → http:\/\/localhost:\d+\/hook {2}msg_\S+ {2}200\n$/),
    stderr: 'Signed with the secret in GEMINI_WEBHOOK_SECRET (whsec_...ZWY=).\n',
  })
  expect(handled).toMatchObject([{ type: 'video.generated', userMetadata: { customer: '7' } }])
  expect(readdirSync(cwd)).toEqual([])
})

test('--static sends many, each an event of its own, with --data as given', async () => {
  const { handled, url } = await setUp()
  const { code, stdout } = await send(['--to', url, '--count', '3', '--data', '{"n":1}', '--json'])
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ deliveries: [delivery] }) => [delivery.state, delivery.attempts[0].status, delivery.webhookId])
  expect(code).toBe(0)
  expect(ids).toMatchObject(Array(3).fill(['acked', 200, expect.stringMatching(/^msg_/)]))
  expect(new Set(ids.map(([, , id]) => id)).size).toBe(3)
  expect(handled.map(({ data }) => data)).toMatchObject(Array(3).fill({ n: 1 }))
})

test('--static signs with the newest secret, of the variable that --secret-env names', async () => {
  const { handled, url } = await setUp()
  const env = { GEMINI_WEBHOOK_SECRET: OTHER, MINE: `${SECRET}, ${OTHER}` }
  expect(await send(['--to', url], env)).toMatchObject({ code: 1, stdout: expect.stringContaining('401') })
  expect(await send(['--to', url, '--secret-env', 'MINE'], env)).toMatchObject({ code: 0 })
  expect(handled).toHaveLength(1)
})

test('a refused event is shown with the answer, and ends with 1', async () => {
  const { handled, url } = await setUp()
  const { code, stdout, stderr } = await send(['--to', url, '--fault', 'tampered_body'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/ {2}401\n$/) })
  expect(stderr).toContain('{"error":"unauthorized"}')
  expect(handled).toEqual([])
})

test('a secret that a receiver echoes is masked', async () => {
  const server = createServer((_, response) => {
    response.writeHead(500).end(`wanted ${SECRET}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const more of [[], ['--json']]) {
    const { code, stdout, stderr } = await send(['--to', url, ...more])
    expect(code).toBe(1)
    expect(stdout + stderr).toContain('wanted whsec_...ZWY=')
    expect(stdout + stderr).not.toContain(SECRET)
  }
})

test('a receiver that does not run ends it with 4', async () => {
  const { code, stdout } = await send(['--to', `http://127.0.0.1:${await freePort()}/hook`])
  expect({ code, stdout }).toEqual({ code: 4, stdout: expect.stringContaining('ECONNREFUSED') })
})

test.each([
  [['--static'], 2, '--static needs --to'],
  [['--static', '--to', 'localhost:3000'], 2, 'An http or https URL is needed'],
  [['--static', '--dynamic'], 2, 'cannot be used with'],
  [['--static', '--to', 'http://127.0.0.1:9', '--url', 'http://127.0.0.1:9'], 2, 'cannot be used with'],
  [['--to', 'http://127.0.0.1:9', '--secret-env', 'MINE'], 2, '--secret-env needs --static'],
  [['--static', '--to', 'http://127.0.0.1:9'], 3, 'no signing secret is known here'],
  [['--static', '--to', 'http://127.0.0.1:9', '--secret-env', 'MINE'], 3, "'secret' must be 'whsec_'"],
  [['--static', '--to', 'http://user:hidden@127.0.0.1:9', '--secret-env', 'GOOD'], 2, 'the value of --to'],
  [['--to', 'http://127.0.0.1:9'], 3, 'Without an emulator: add --static'],
])('trigger explains the mistake: %j', async (args, code, message) => {
  const result = await gwh(emptyFolder(), ['trigger', 'batch.succeeded', ...args], {
    MINE: 'hidden',
    GOOD: SECRET,
  })
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
  expect(result.stderr).not.toMatch(/^\s+at |hidden/m)
})

test('--static names the documented event that was meant', async () => {
  const args = ['trigger', 'batch.suceeded', '--static', '--to', 'http://127.0.0.1:9']
  expect(await gwh(emptyFolder(), args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Did you mean 'batch.succeeded'?"),
  })
})
