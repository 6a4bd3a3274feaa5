import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { EmulatorSignal } from '@gwh/emulator'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery, signedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { describeSignal } from '../src/lib/dev/live-line.ts'
import { toText } from '../src/lib/shared/paint.ts'
import { emptyFolder, gwh, start } from './support.ts'

/** Clears the screen, sets the title, reverses text, hides characters, and forges a line. */
const HOSTILE =
  '\u001b[2J\u001b]0;title\u0007\u009b31m\u009d\u202e\u2066\u200b\u00ad\u2028\u0085\u007f\r\nforged\u{e0041}'
/** The same in an argument, where a line end is the user's own. */
const ARGUMENT = HOSTILE.replace(/\r\n/, '')
const DANGEROUS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

/** Runs command lines side by side, and examines what each wrote. */
async function examine(
  cwd: string,
  env: Record<string, string>,
  commands: readonly (readonly string[])[],
  input?: string | Uint8Array,
): Promise<string> {
  const results = await Promise.all(
    commands.map(async (args) => ({ args, ...(await gwh(cwd, args, env, input)) })),
  )
  for (const { args, stdout, stderr } of results) {
    const text = stdout + stderr
    expect(text, args.join(' ')).not.toBe('')
    expect(DANGEROUS.exec(text), `${args.join(' ')}: ${JSON.stringify(text)}`).toBeNull()
    expect(text, args.join(' ')).not.toMatch(/^forged|^\s+at /m)
  }
  return results.map(({ stdout, stderr }) => stdout + stderr).join('\n')
}

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that gives the same answer to everything. */
const answering = (status: number, answer: object) =>
  listen(async (request, response) => {
    await buffer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })

const WEBHOOK = {
  id: `w1${HOSTILE}`,
  name: `n${HOSTILE}`,
  uri: `https://x${HOSTILE}`,
  state: `s${HOSTILE}`,
  subscribed_events: [`e${HOSTILE}`],
  signing_secrets: [{ truncated_secret: `whsec_${HOSTILE}`, expire_time: HOSTILE }],
}

const MANAGING = [
  ['list'],
  ['get', 'w1'],
  ['update', 'w1', '--state', 'disabled'],
  ['delete', `w1${HOSTILE}`],
  ['ping', `w1${HOSTILE}`],
  ['create', '--uri', 'https://app.example/', '--show-secret'],
  ['register', '--uri', 'https://app.example/', '--show-secret', '--name', `n${HOSTILE}`],
].flatMap((words) => [
  ['webhooks', ...words],
  ['webhooks', ...words, '--json'],
])

test('what the API answers cannot control the terminal', async () => {
  const secret = `${SECRET}${HOSTILE}`
  const answer = { ...WEBHOOK, webhooks: [WEBHOOK, WEBHOOK], secret, new_signing_secret: secret }
  const url = await answering(200, answer)
  const text = await examine(emptyFolder(), { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: url }, MANAGING)
  expect(text).toContain('n?[2J')
  await examine(emptyFolder(), { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: url }, [
    ['webhooks', 'rotate', 'w1', '--write-env', '.env'],
  ])
})

test('what the API refuses with cannot control the terminal', async () => {
  const url = await answering(400, { error: { message: `refused ${HOSTILE}` } })
  const env = { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: url }
  const text = await examine(emptyFolder(), env, [MANAGING[0]!, MANAGING[2]!])
  expect(text).toContain('refused ?[2J')
})

test('what an emulator answers cannot control the terminal', async () => {
  const delivery = { webhookId: `msg${HOSTILE}`, uri: `http://x${HOSTILE}` }
  const url = await answering(200, { ticket: HOSTILE, deliveries: [delivery], webhooks: [] })
  const refusing = await answering(400, { error: { message: `unknown ${HOSTILE}` } })
  const commands = [
    ['trigger', `type${HOSTILE}`],
    ['trigger', 'x', '--json'],
    ['trigger', `x${HOSTILE}`, '--dynamic'],
    ['page'],
    ['page', '--json'],
  ]
  const env = { GWH_CONTROL_TOKEN: 'token' }
  expect(await examine(emptyFolder(), { ...env, GOOGLE_GEMINI_BASE_URL: url }, commands)).toContain('msg?[2J')
  await examine(emptyFolder(), { ...env, GOOGLE_GEMINI_BASE_URL: refusing }, commands)
})

test('an event that dev delivers cannot control the terminal', async () => {
  const cwd = emptyFolder()
  const receiver = await listen((_, response) => void response.end())
  for (const json of [[], ['--json']]) {
    const dev = start(cwd, ['dev', '--port', '0', ...json])
    await dev.saw(/Ctrl-C/)
    const refused = await gwh(cwd, ['trigger', `type${HOSTILE}`, '--to', receiver])
    const data = JSON.stringify({ id: HOSTILE, [HOSTILE]: HOSTILE })
    const sent = await gwh(cwd, ['trigger', 'batch.succeeded', '--data', data, '--to', receiver])
    for (const { stdout, stderr } of [refused, sent]) expect(stdout + stderr).not.toMatch(DANGEROUS)
    expect([refused.code, sent.code]).toEqual([1, 0])
    await dev.saw(/200/)
    dev.kill('SIGINT')
    await dev.finished
    expect(DANGEROUS.exec(dev.text()), JSON.stringify(dev.text())).toBeNull()
    expect(dev.text()).not.toMatch(/^forged/m)
  }
})

test('a line of dev is one line, whatever the emulator reports', () => {
  const job = { at: 0, jobId: HOSTILE, kind: HOSTILE, state: HOSTILE }
  const attempt = { at: 0, attempt: 1, eventType: HOSTILE, webhookId: HOSTILE, uri: HOSTILE, durationMs: 1 }
  const signals = [
    { type: 'job_created', ...job },
    { type: 'job_finished', ...job },
    { type: 'attempt_started', ...attempt },
    { type: 'attempt_finished', ...attempt, code: HOSTILE },
    { type: 'delivery_exhausted', ...attempt },
  ]
  for (const signal of signals) {
    const line = toText(describeSignal(signal as unknown as EmulatorSignal)!, ({ text }) => text)
    expect(line).toContain('?[2J')
    expect(line).not.toMatch(DANGEROUS)
    expect(line).not.toContain('\n')
  }
})

test('a recorded delivery cannot control the terminal', async () => {
  const body = JSON.stringify({ type: `type${HOSTILE}`, version: '1', data: {} })
  const { headers } = await signedDelivery({ secret: SECRET, body, timestamp: 1 })
  const copy = JSON.stringify({ headers, body })
  const forged = JSON.stringify({ headers: { ...headers, 'webhook-id': `msg${HOSTILE}` }, body })
  const commands = [
    ['verify', '--at', 'sent'],
    ['verify', '--json', '--at', 'sent'],
    ['verify', '--at', ARGUMENT],
    ['verify', HOSTILE],
  ]
  const env = { GEMINI_WEBHOOK_SECRET: SECRET }
  expect(await examine(emptyFolder(), env, commands, copy)).toContain('type?[2J')
  await examine(emptyFolder(), env, commands, forged)
  await examine(emptyFolder(), env, commands, `POST / HTTP/1.1\n${HOSTILE} no colon\n\n`)
  await examine(emptyFolder(), env, commands, `curl ${HOSTILE} --data "`)
})

test('what is in a queue cannot control the terminal', async () => {
  const cwd = emptyFolder()
  const queue = createSqliteQueue({ path: join(cwd, 'queue.db'), retainBodies: { forMs: 86_400_000 } })
  const event = JSON.stringify({
    type: `t${HOSTILE}`,
    version: '1',
    data: { id: HOSTILE },
    timestamp: HOSTILE,
  })
  const bodies: Record<string, string> = {
    [`json${HOSTILE}`]: event,
    text: `no JSON ${HOSTILE}`,
    good: event,
  }
  for (const [id, body] of Object.entries(bodies)) {
    await queue.enqueue(queuedDelivery({ id, key: `default:${id}`, body: Buffer.from(body) }))
  }
  await queue.drain(
    async ({ id }) => {
      if (id !== 'good') throw Object.assign(new Error(`died ${HOSTILE}`), { name: HOSTILE, code: HOSTILE })
    },
    { maxAttempts: 1 },
  )
  await queue.close()
  const readings = [
    ['list'],
    ['list', '--json'],
    ['show', `json${HOSTILE}`],
    ['show', 'text'],
    ['show', 'text', '--json'],
    ['show', `nobody${HOSTILE}`],
    ['export'],
    ['redrive', '--all', '--dry-run'],
    ['replay', '--all', '--dry-run', '--json'],
    ['redrive', `nobody${HOSTILE}`],
    ['list', '--state', ARGUMENT],
    [ARGUMENT],
  ]
  const text = await examine(
    cwd,
    { GWH_QUEUE: 'queue.db' },
    readings.map((words) => ['queue', ...words]),
  )
  expect(text).toContain('json?[2J')
  await examine(cwd, { GWH_QUEUE: `nowhere${HOSTILE}.db` }, [['queue', 'stats']])
})

test('a receiver, its keys and a project cannot control the terminal', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, 'node_modules/@gwh/core'), { recursive: true })
  writeFileSync(join(cwd, 'node_modules/@gwh/core/package.json'), JSON.stringify({ version: HOSTILE }))
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ dependencies: { [HOSTILE]: '1' } }))
  const keys = await answering(200, { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: HOSTILE }] })
  const receiver = await listen(async (request, response) => {
    await buffer(request).catch(() => undefined)
    response.writeHead(418, 'x', { 'content-type': 'text/plain' }).end(`raw_body_required ${HOSTILE}`)
  })
  const env = { GWH_JWKS_URL: keys, GEMINI_WEBHOOK_SECRET: SECRET }
  const only = ['--only', 'a delivery sent again is a duplicate', '--exact']
  await examine(cwd, env, [
    ['doctor', receiver],
    ['doctor', receiver, '--json'],
    ['doctor', '--queue', `none${HOSTILE}.db`],
    ['doctor', `http://x/${HOSTILE}`, '--secret-env', HOSTILE],
    ['conformance', receiver, ...only],
    ['conformance', receiver, ...only, '--report', 'junit'],
    ['conformance', receiver, ...only, '--report', 'json'],
    ['conformance', receiver, '--only', HOSTILE],
    ['init', '--file', `new${HOSTILE}.mjs`],
    ['completion', ARGUMENT],
    [ARGUMENT],
    ['trigger', `--${ARGUMENT}`],
  ])
  await examine(cwd, { ...env, GEMINI_WEBHOOK_SECRET: HOSTILE }, [['doctor'], ['doctor', '--json']])
})
