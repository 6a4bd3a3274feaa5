import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createEmulator } from '@gwh/emulator'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh, start } from './support.ts'

const URI = 'https://app.example/webhooks/gemini'
const SECRET = /whsec_[\w+/]{40,}=*/

/** A project with an emulator, and `gwh webhooks` in it. */
async function setUp() {
  const emulator = createEmulator()
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  const cwd = emptyFolder()
  const env = { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: 'test' }
  const webhooks = (...args: string[]) => gwh(cwd, ['webhooks', ...args], env)
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await webhooks(...args, '--json')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }
  const dotenv = () => readFileSync(join(cwd, '.env'), 'utf8')
  return { cwd, env, webhooks, json, dotenv, emulator }
}

test('a webhook is created, listed, shown, changed, pinged and deleted', async () => {
  const { webhooks, json, emulator, dotenv } = await setUp()
  const { id } = await json(
    'create',
    '--uri',
    URI,
    '--name',
    'jobs',
    '--events',
    'batch.succeeded',
    '--write-env',
    '.env',
  )
  expect(await json('list')).toMatchObject({ webhooks: [{ id, name: 'jobs', uri: URI, state: 'enabled' }] })
  const { stdout } = await webhooks('list')
  expect(stdout).toMatch(
    new RegExp(`^id +name +state +uri +events\n${id} +jobs +enabled +${URI} +batch.succeeded\n$`),
  )
  expect(
    await json('update', id, '--events', 'batch.failed,video.generated', '--state', 'disabled'),
  ).toMatchObject({
    subscribed_events: ['batch.failed', 'video.generated'],
    state: 'disabled',
  })
  expect((await webhooks('get', `webhooks/${id}`)).stdout).toMatch(/state +disabled\n/)
  expect((await webhooks('ping', id)).code).toBe(0)
  expect(emulator.deliveries()).toMatchObject([{ eventType: 'ping' }])
  expect(await json('delete', id)).toEqual({ id, deleted: true })
  expect(await webhooks('get', id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Webhook not found'),
  })
  expect(dotenv()).toMatch(/^GEMINI_WEBHOOK_SECRET=whsec_/)
})

test('the secret goes into the file, for its owner only, and is printed only when asked for', async () => {
  const { cwd, webhooks, dotenv } = await setUp()
  writeFileSync(join(cwd, '.env'), '# mine\nPORT=3000\nexport GEMINI_WEBHOOK_SECRET="old" # note\nLAST=1', {
    mode: 0o644,
  })
  const made = await webhooks('create', '--uri', URI, '--write-env', '.env')
  expect(made.stdout + made.stderr).not.toMatch(SECRET)
  expect(dotenv()).toMatch(/^# mine\nPORT=3000\nexport GEMINI_WEBHOOK_SECRET=whsec_[\w+/=]+ # note\nLAST=1$/)
  expect(statSync(join(cwd, '.env')).mode & 0o777).toBe(0o600)
  expect((await webhooks('create', '--uri', URI, '--show-secret')).stdout).toMatch(SECRET)
  const asJson = await webhooks('create', '--uri', URI, '--show-secret', '--json')
  expect(JSON.parse(asJson.stdout).new_signing_secret).toMatch(SECRET)
  expect(await webhooks('create', '--uri', URI)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--write-env'),
  })
})

test('a secret of another webhook stays in the file, behind the new one', async () => {
  const { cwd, webhooks, dotenv } = await setUp()
  await webhooks('register', '--uri', URI, '--name', 'one', '--write-env', '.env')
  const first = dotenv().trim().slice('GEMINI_WEBHOOK_SECRET='.length)
  const made = await webhooks('register', '--uri', URI, '--name', 'two', '--write-env', '.env')
  expect(made.stderr).toContain('remove what no webhook uses')
  expect(dotenv()).toMatch(/^GEMINI_WEBHOOK_SECRET=whsec_[^,]+,whsec_[^,]+\n$/)
  expect(dotenv().trim().split(',')[1]).toBe(first)
  expect(made.stdout + made.stderr).not.toMatch(SECRET)
  // A placeholder is none.
  writeFileSync(join(cwd, '.env'), 'GEMINI_WEBHOOK_SECRET=whsec_changeme\n')
  await webhooks('create', '--uri', URI, '--write-env', '.env')
  expect(dotenv()).toMatch(/^GEMINI_WEBHOOK_SECRET=whsec_[^,]+\n$/)
})

test('nothing is created when the secret could not be stored', async () => {
  const { cwd, webhooks, json } = await setUp()
  mkdirSync(join(cwd, 'closed'))
  chmodSync(join(cwd, 'closed'), 0o500)
  mkdirSync(join(cwd, 'folder'))
  symlinkSync('nowhere', join(cwd, 'link'))
  execFileSync('mkfifo', [join(cwd, 'pipe')])
  writeFileSync(join(cwd, 'utf16'), Buffer.from('\ufeffA=1\n', 'utf16le'))
  const refused = [
    ['nowhere/.env', 'cannot be written'],
    ['folder', 'is not a file'],
    ['pipe', 'is not a file'],
    ['link', 'is a link to nothing'],
    ['utf16', 'is not UTF-8'],
    ...(process.getuid?.() === 0 ? [] : [['closed/.env', 'cannot be written']]),
  ] as const
  for (const [file, why] of refused) {
    const { code, stderr } = await webhooks('create', '--uri', URI, '--write-env', file)
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(`${file} ${why}`) })
  }
  const args = ['--uri', URI, '--write-env', '.env', '--variable', 'A B']
  expect(await webhooks('register', ...args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"A B" is no name'),
  })
  expect(await json('list')).toEqual({ webhooks: [] })
})

/** An API that makes a directory of `.env` while it makes a secret. */
function startSpoiler(cwd: string, url: string): Promise<string> {
  return startProxy(url, (method) => {
    if (method !== 'POST') return
    rmSync(join(cwd, '.env'), { recursive: true, force: true })
    mkdirSync(join(cwd, '.env'))
  })
}

/** An API that does something before it answers. */
async function startProxy(url: string, meddle: (method: string) => unknown): Promise<string> {
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '' } = request
    const body = await buffer(request)
    const headers = { 'x-goog-api-key': 'test', 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method, headers, ...(method === 'POST' && { body }) })
    await meddle(method)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.each(['create', 'register'])('%s keeps a secret that cannot be stored after all', async (verb) => {
  const { cwd, env, json } = await setUp()
  const spoiled = { ...env, GOOGLE_GEMINI_BASE_URL: await startSpoiler(cwd, env.GOOGLE_GEMINI_BASE_URL) }
  const made = await gwh(cwd, ['webhooks', verb, '--uri', URI, '--write-env', '.env'], spoiled)
  const { webhooks } = await json('list')
  expect(made).toMatchObject({ code: 3, stderr: expect.stringContaining(webhooks[0].id) })
  const [, path = ''] = /The secret is in (\S+),/.exec(made.stderr) ?? []
  expect(readFileSync(path, 'utf8')).toMatch(/^GEMINI_WEBHOOK_SECRET=whsec_[\w+/]+=*\n$/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(made.stdout + made.stderr).not.toMatch(SECRET)
})

test('rotate keeps a secret that cannot be stored, and goes on with it in another file', async () => {
  const { cwd, env, webhooks, json } = await setUp()
  const { id } = await json('register', '--uri', URI, '--write-env', '.env')
  const spoiled = { ...env, GOOGLE_GEMINI_BASE_URL: await startSpoiler(cwd, env.GOOGLE_GEMINI_BASE_URL) }
  const begun = await gwh(cwd, ['webhooks', 'rotate', id, '--write-env', '.env'], spoiled)
  expect(begun).toMatchObject({ code: 3, stderr: expect.stringContaining('.gwh/rotations.json keeps') })
  const { secret } = JSON.parse(readFileSync(join(cwd, '.gwh/rotations.json'), 'utf8'))[id]
  expect((await webhooks('rotate', id)).code).toBe(3)
  expect((await webhooks('rotate', id, '--write-env', 'other.env')).code).toBe(0)
  expect(readFileSync(join(cwd, 'other.env'), 'utf8')).toBe(`GEMINI_WEBHOOK_SECRET=${secret}\n`)
  writeFileSync(join(cwd, '.gwh/rotations.json'), '{"a":1}')
  expect(await webhooks('rotate', id)).toMatchObject({ code: 3, stderr: expect.stringContaining('damaged') })
})

test('register makes one webhook, changes what differs, and notices a secret that is lost', async () => {
  const { cwd, webhooks, json, dotenv } = await setUp()
  const args = ['register', '--uri', URI, '--events', 'batch.succeeded', '--write-env', '.env']
  const made = await json(...args)
  expect(made).toMatchObject({ outcome: 'created', secret: expect.stringMatching(/^whsec_\.{3}....$/) })
  const secret = dotenv()
  expect(await json(...args)).toEqual({ id: made.id, outcome: 'unchanged', changed: [], duplicates: [] })
  expect(await json(...args, '--events', 'batch.failed')).toMatchObject({
    outcome: 'updated',
    changed: ['subscribed_events'],
  })
  expect(dotenv()).toBe(secret)
  expect((await json('list')).webhooks).toHaveLength(1)
  writeFileSync(join(cwd, '.env'), '')
  const lost = await webhooks(...args)
  expect(lost).toMatchObject({ code: 3, stderr: expect.stringContaining(`gwh webhooks rotate ${made.id}`) })
})

test('rotate keeps both secrets while either may sign, and removes the old one afterwards', async () => {
  const { cwd, webhooks, json, dotenv } = await setUp()
  const { id } = await json('register', '--uri', URI, '--write-env', '.env')
  const secrets = () => dotenv().trim().slice('GEMINI_WEBHOOK_SECRET='.length).split(',')
  const [old] = secrets()
  const foreign = 'whsec_QW5vdGhlciB3ZWJob29rJ3Mgc2VjcmV0IXh4eHh4eHg='
  writeFileSync(join(cwd, '.env'), `GEMINI_WEBHOOK_SECRET=${old},${foreign}\n`)
  const begun = await webhooks('rotate', id, '--write-env', '.env')
  expect(begun).toMatchObject({ code: 0, stderr: expect.stringContaining(`gwh webhooks ping ${id}`) })
  expect(begun.stdout + begun.stderr).not.toMatch(SECRET)
  const [newest] = secrets()
  expect(secrets()).toEqual([newest, old, foreign])
  expect(readFileSync(join(cwd, '.gwh/rotations.json'), 'utf8')).not.toMatch(SECRET)

  expect(await json('rotate', id)).toMatchObject({ stage: 'overlap', removed: [] })
  expect(secrets()).toEqual([newest, old, foreign])

  const file = join(cwd, '.gwh/rotations.json')
  const kept = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ [id]: { ...kept[id], previousUntil: Date.now() } }))
  const removed = [`whsec_...${old!.slice(-4)}`]
  expect(await json('rotate', id)).toMatchObject({ stage: 'finished', removed })
  expect(secrets()).toEqual([newest, foreign])
  expect(await webhooks('rotate', id)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--write-env'),
  })
})

test('a rotation that was interrupted before the secret was in the file goes on', async () => {
  const { cwd, webhooks, json, dotenv } = await setUp()
  const { id } = await json('register', '--uri', URI, '--write-env', '.env')
  const old = dotenv()
  await webhooks('rotate', id, '--write-env', '.env')
  const [secret] = dotenv().slice('GEMINI_WEBHOOK_SECRET='.length).split(',')
  const file = join(cwd, '.gwh/rotations.json')
  const kept = JSON.parse(readFileSync(file, 'utf8'))
  // As if the process had died between the answer of the API and the file.
  writeFileSync(file, JSON.stringify({ [id]: { ...kept[id], stage: 'received', secret } }))
  writeFileSync(join(cwd, '.env'), old)
  expect((await webhooks('rotate', id)).code).toBe(0)
  expect(dotenv()).toContain(`GEMINI_WEBHOOK_SECRET=${secret},whsec_`)
  // And as if it had died before the answer: that secret is lost, another one is made.
  writeFileSync(file, JSON.stringify({ [id]: { ...kept[id], stage: 'requested' } }))
  const again = await webhooks('rotate', id, '--write-env', '.env')
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('was lost') })
  expect(dotenv().split(',')).toHaveLength(3)
})

test('of two rotations at once, the second is refused, and the first keeps its secret', async () => {
  const { cwd, env, webhooks, json, dotenv } = await setUp()
  const { id } = await json('register', '--uri', URI, '--write-env', '.env')
  const asked = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const waiting = await startProxy(env.GOOGLE_GEMINI_BASE_URL, async (method) => {
    if (method !== 'POST') return
    asked.resolve()
    await second.promise
  })
  const args = ['webhooks', 'rotate', id, '--write-env', '.env']
  const first = start(cwd, args, { ...env, GOOGLE_GEMINI_BASE_URL: waiting })
  await Promise.race([asked.promise, first.finished])
  expect(await webhooks('rotate', id, '--write-env', '.env')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('another `gwh webhooks rotate` runs'),
  })
  second.resolve()
  expect((await first.finished).code).toBe(0)
  rmSync(join(cwd, '.gwh/rotations.lock'))
  symlinkSync(join(cwd, 'elsewhere'), join(cwd, '.gwh/rotations.lock'))
  expect((await webhooks('rotate', id)).code).toBe(3)
  expect(existsSync(join(cwd, 'elsewhere'))).toBe(false)
  expect(dotenv().split(',')).toHaveLength(2)
})

test('with --revoke-now, the old secret is gone at once', async () => {
  const { json, dotenv } = await setUp()
  const { id } = await json('register', '--uri', URI, '--write-env', '.env')
  const old = dotenv()
  expect(await json('rotate', id, '--write-env', '.env', '--revoke-now')).toMatchObject({ stage: 'finished' })
  expect(dotenv()).toMatch(/^GEMINI_WEBHOOK_SECRET=whsec_[^,]+\n$/)
  expect(dotenv()).not.toBe(old)
})

const ODD_ANSWERS = ['<html>', 'null', '[]', '{}', '{"webhooks":[null]}', '{"webhooks":"x","id":7}']

test.each(ODD_ANSWERS)('an API that answers %s is reported, without a stack', async (answer) => {
  const server = createServer(async (request, response) => {
    await buffer(request)
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: url }
  const secretOptions = ['--uri', URI, '--write-env', '.env']
  const results = await Promise.all(
    [
      ['get', 'w1'],
      ['update', 'w1', '--state', 'disabled'],
      ['create', ...secretOptions],
      ['register', ...secretOptions],
      ['rotate', 'w1', '--write-env', '.env'],
    ].map((args) => gwh(emptyFolder(), ['webhooks', ...args], env)),
  )
  results.push(await gwh(emptyFolder(), ['webhooks', 'list'], env))
  for (const { code, stderr } of answer.startsWith('{}') || answer === '[]'
    ? results.slice(0, -1)
    : results) {
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('gwh: ') })
    expect(stderr).not.toMatch(/^\s+at |cannot be reached|500/m)
  }
})

test.each([
  [['list'], {}, 3, 'GEMINI_API_KEY is not set'],
  [['list'], { GEMINI_API_KEY: 'gwh-dev' }, 3, "the API is Google's"],
  [
    ['list'],
    { GEMINI_API_KEY: 'gwh-dev', GOOGLE_GEMINI_BASE_URL: 'http://evil.example' },
    3,
    "the API is Google's",
  ],
  [['list'], { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9' }, 4, 'cannot be reached'],
  [
    ['register', '--show-secret', '--uri', 'http://app.example'],
    { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9' },
    2,
    'must be https',
  ],
  [['rotat', 'x'], {}, 2, 'Did you mean rotate?'],
  [['create'], {}, 2, '--uri'],
])('webhooks explains the mistake: %j %j', async (args, env, code, message) => {
  const result = await gwh(emptyFolder(), ['webhooks', ...args], env)
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toContain(message)
  expect(result.stderr).not.toMatch(/^\s+at /m)
})

test('Ctrl-C ends a call that is never answered', async () => {
  const asked = Promise.withResolvers<void>()
  const server = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { GEMINI_API_KEY: 'x', GOOGLE_GEMINI_BASE_URL: url }
  const running = start(emptyFolder(), ['webhooks', 'list'], env)
  await asked.promise
  running.kill('SIGINT')
  expect(await running.finished).toMatchObject({ code: 130, stdout: '' })
})
