import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createEmulator } from '@gwh/emulator'
import { FIXTURE_EVENTS, signedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh, start } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const OTHER = 'whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA='
const ENV = { GEMINI_WEBHOOK_SECRET: SECRET }
const SENT = Date.UTC(2026, 10, 20, 12) / 1000

const EVENT = FIXTURE_EVENTS['batch.succeeded']
// Characters that shells, JSON and Latin-1 treat differently.
const BODY = JSON.stringify({ ...EVENT, user_metadata: { note: `it's "5 €" \\ $HOME \n!` } })

const sign = (options: Partial<Parameters<typeof signedDelivery>[0]> = {}) =>
  signedDelivery({ secret: SECRET, body: BODY, id: 'msg_1', timestamp: SENT, ...options })

type Delivery = Awaited<ReturnType<typeof sign>>

function toHttp({ headers, body }: Delivery, end = '\r\n'): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = ['POST /webhooks/gemini HTTP/1.1', 'Host: example.com', ...lines, '', '']
  return Buffer.concat([Buffer.from(head.join(end)), body])
}

function toHar(deliveries: readonly Delivery[]): string {
  const entries = deliveries.map(({ headers, body }) => ({
    request: {
      method: 'POST',
      headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
      postData: { mimeType: 'application/json', text: Buffer.from(body).toString() },
    },
  }))
  const unrelated = { request: { method: 'GET', headers: [] } }
  return JSON.stringify({ log: { version: '1.2', entries: [unrelated, ...entries] } })
}

const toHarEntry = (postData: object) =>
  JSON.stringify({
    log: { entries: [{ request: { headers: [{ name: 'Webhook-Signature', value: 'x' }], postData } }] },
  })

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const ansi = (text: string) =>
  `$'${text.replace(/[\\'\n!]|[^ -~]/g, (one) => (one === '\n' ? '\\n' : /[\\']/.test(one) ? `\\${one}` : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`))}'`

function toCurl({ headers, body }: Delivery, data = quote, option = '--data-raw'): string {
  const options = Object.entries(headers).map(([name, value]) => `  -H ${quote(`${name}: ${value}`)} \\\n`)
  const text = Buffer.from(body).toString()
  return `curl -s -X POST https://example.com/hook --compressed \\\n${options.join('')}  ${option} ${data(text)}\n`
}

const toCopy = ({ headers, body }: Delivery) =>
  JSON.stringify({ uri: 'http://127.0.0.1/', headers, body: Buffer.from(body).toString() })

const FORMS: Record<string, (delivery: Delivery) => string | Buffer> = {
  'a raw request': toHttp,
  'a raw request with bare newlines': (delivery) => toHttp(delivery, '\n'),
  'headers without a request line': (delivery) => toHttp(delivery).subarray(31),
  'an HTTP archive': (delivery) => toHar([delivery]),
  'a delivery that the emulator shows': toCopy,
  'a curl command of a shell': toCurl,
  'a curl command of a browser': (delivery) => toCurl(delivery, ansi),
  'a curl command with a short option': (delivery) => toCurl(delivery, quote, '-d'),
}

test.each(Object.entries(FORMS))('verify reads %s, from a file and from standard input', async (_, form) => {
  const cwd = emptyFolder()
  const input = form(await sign())
  writeFileSync(join(cwd, 'delivery'), input)
  const expected = { verified: true, id: 'msg_1', timestamp: SENT, scheme: 'static', type: 'batch.succeeded' }
  for (const result of [
    await gwh(cwd, ['verify', 'delivery', '--at', 'sent', '--json'], ENV),
    await gwh(cwd, ['verify', '--at', '2026-11-20T12:04:00Z', '--json'], ENV, input),
  ]) {
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(result.stdout)).toMatchObject(expected)
  }
})

test('verify reads headers and body from files of their own', async () => {
  const cwd = emptyFolder()
  const body = Uint8Array.from([0, 255, 10, 13, 200])
  const { headers } = await sign({ body })
  writeFileSync(join(cwd, 'body'), body)
  writeFileSync(
    join(cwd, 'lines'),
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  )
  writeFileSync(join(cwd, 'json'), JSON.stringify(headers))
  for (const file of ['lines', 'json']) {
    const args = ['verify', '--header-file', file, '--body-file', 'body', '--at', `${SENT}`]
    expect(await gwh(cwd, args, ENV)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verified\n/) })
  }
})

test.each([
  ['the time has passed', {}, toHttp, [], 'timestamp_too_old', 'outside the replay window'],
  [
    'the secret is another',
    { secret: OTHER },
    toHttp,
    ['--at', 'sent'],
    'signature_invalid',
    'No configured key',
  ],
  [
    'the body was serialised again',
    { body: JSON.stringify(EVENT, null, 2) },
    (delivery: Delivery) => toHttp({ ...delivery, body: Buffer.from(JSON.stringify(EVENT)) }),
    ['--at', 'sent'],
    'signature_invalid',
    'parsed and serialised again',
  ],
  [
    'a header is missing',
    {},
    ({ headers: { 'webhook-id': _, ...headers }, body }: Delivery) => toHttp({ headers, body } as Delivery),
    ['--at', 'sent'],
    'header_missing',
    'webhook-id',
  ],
])('verify says in words that %s', async (_, options, form, args, code, words) => {
  const input = form(await sign(options))
  const result = await gwh(emptyFolder(), ['verify', ...args], ENV, input)
  expect(result).toMatchObject({ code: 1, stderr: '' })
  expect(result.stdout).toContain(`not verified (${code})`)
  expect(result.stdout).toContain(words)
})

test('one delivery of an archive that does not verify is enough to fail', async () => {
  const input = toHar([await sign(), await sign({ id: 'msg_2', secret: OTHER })])
  const { code, stdout } = await gwh(emptyFolder(), ['verify', '--at', 'sent', '--json'], ENV, input)
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect([code, verdicts.map(({ id, verified }) => [id, verified])]).toEqual([
    1,
    [
      ['msg_1', true],
      ['msg_2', false],
    ],
  ])
})

test('a dynamic delivery is verified with the keys at --jwks or GWH_JWKS_URL', async () => {
  const emulator = createEmulator()
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  const received = Promise.withResolvers<Delivery>()
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    received.resolve({ headers: request.headers as Record<string, string>, body })
    response.end()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await emulator.trigger({ type: 'batch.succeeded', data: { id: 'b' }, uris: [`http://127.0.0.1:${port}/`] })
  const input = toHttp(await received.promise)
  const jwks = `${url}/.well-known/jwks.json`
  const cwd = emptyFolder()
  expect(await gwh(cwd, ['verify', '--jwks', jwks], {}, input)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/scheme +dynamic/),
  })
  expect((await gwh(cwd, ['verify'], { GWH_JWKS_URL: jwks }, input)).code).toBe(0)
  const { stdout } = await gwh(cwd, ['verify', '--jwks', 'http://127.0.0.1:9/none', '--json'], {}, input)
  expect(JSON.parse(stdout)).toMatchObject({ verified: false, reason: 'keys_unavailable' })
})

test('secrets come from the environment, under any name, and are never printed', async () => {
  const input = toHttp(await sign())
  const cwd = emptyFolder()
  for (const [args, env] of [
    [[], { WEBHOOK_SIGNING_SECRET: `${OTHER},${SECRET}` }],
    [['--secret-env', 'MINE'], { MINE: SECRET, GEMINI_WEBHOOK_SECRET: OTHER }],
  ] as const) {
    const { code, stdout, stderr } = await gwh(cwd, ['verify', '--at', 'sent', ...args], env, input)
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain(SECRET.slice(6, 20))
    expect(stdout).toContain('whsec_...ZWY=')
  }
})

test('what an attacker wrote cannot control the terminal', async () => {
  const { headers } = await sign()
  const body = Buffer.from('{"type":"\\u001b[2Jgone"}')
  const { stdout } = await gwh(emptyFolder(), ['verify', '--at', 'sent'], ENV, toHttp({ headers, body }))
  expect(stdout).toContain('?[2Jgone')
})

test.each([
  [[], {}, 'POST / HTTP/1.1\n\n', 3, 'no signing secret is known'],
  [[], ENV, '', 3, 'the delivery is empty'],
  [['nowhere.http'], ENV, '', 3, 'nowhere.http does not exist'],
  [[], ENV, '{"a":1}', 3, 'neither an HTTP archive'],
  [[], ENV, '{"log":null,"body":"x"}', 3, 'neither an HTTP archive'],
  [[], ENV, '{"headers":{"a":{"toString":1}},"body":""}', 3, 'the header "a" is not text'],
  [
    [],
    ENV,
    `{"log":{"entries":[null,{"request":null},{"request":{"headers":[null,{"name":1}]}}]}}`,
    3,
    'none of the 3',
  ],
  [[], ENV, toHarEntry({ text: { length: 1e9 } }), 3, 'the body of request 1 of the archive is not text'],
  [[], ENV, toHarEntry({ text: [1] }), 3, 'is not text'],
  [['--at', '99999999999999999'], ENV, '', 2, 'An ISO 8601 time'],
  [['.'], ENV, '', 3, '. cannot be read (EISDIR)'],
  [[], ENV, 'POST / HTTP/1.1\ncontent-length: -1\n\nabc', 3, 'content-length is no number of bytes: -1'],
  [[], ENV, 'POST / HTTP/1.1\ncontent-length: 1e3\n\nabc', 3, 'content-length is no number'],
  [[], ENV, '{"log":{"entries":[{}]}}', 3, 'none of the 1 requests'],
  [[], ENV, "curl 'http://x", 3, 'a quotation mark of the command is not closed'],
  [[], ENV, 'POST / HTTP/1.1\ncontent-length: 9\n\nabc', 3, '3 of 9 bytes'],
  [['--secret-env', 'NOPE'], ENV, 'a: b', 3, 'the variable NOPE is not set'],
  [['--body-file', 'x'], ENV, '', 2, '--header-file and --body-file together'],
  [['--at', 'yesterday'], ENV, '', 2, 'An ISO 8601 time'],
] as const)('verify explains the mistake: %j %j %j', async (args, env, input, code, message) => {
  const result = await gwh(emptyFolder(), ['verify', ...args], { ...env }, input)
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toContain(message)
  expect(result.stderr).not.toMatch(/^\s+at /m)
})

test.each(['1e300', '-1', 'NaN', '9'.repeat(40), '0x10'])(
  'a timestamp %s is one of the mistakes',
  async (time) => {
    const { headers, body } = await sign()
    const input = toHttp({ headers: { ...headers, 'webhook-timestamp': time }, body })
    for (const args of [[], ['--at', 'sent'], ['--json']]) {
      const { code, stdout, stderr } = await gwh(emptyFolder(), ['verify', ...args], ENV, input)
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
      expect(stdout).toContain('timestamp_malformed')
    }
  },
)

test('a delivery that is too old says how to judge it as recorded', async () => {
  const { stdout } = await gwh(emptyFolder(), ['verify'], ENV, toHttp(await sign()))
  expect(stdout).toContain('With --at sent it is judged as if it arrived when it was sent.')
})

test('a long curl command is read', async () => {
  const delivery = await sign({ body: JSON.stringify({ ...EVENT, note: `it's ${'é'.repeat(300_000)}` }) })
  for (const form of [quote, ansi]) {
    const { code } = await gwh(emptyFolder(), ['verify', '--at', 'sent'], ENV, toCurl(delivery, form))
    expect(code).toBe(0)
  }
})

test('Ctrl-C ends a command that waits for keys', async () => {
  const asked = Promise.withResolvers<void>()
  const server = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  const { headers, body } = await sign()
  const input = toHttp({ headers: { ...headers, 'webhook-signature': `v1a,${btoa('x'.repeat(64))}` }, body })
  const jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  const running = start(emptyFolder(), ['verify', '--at', 'sent', '--jwks', jwks], {}, input)
  await asked.promise
  running.kill('SIGINT')
  expect(await running.finished).toMatchObject({ code: 130, stdout: '' })
})
