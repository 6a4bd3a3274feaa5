import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { emptyFolder, GWH, gwh, start } from './support.ts'

/** A program that verifies what it receives with what `gwh dev` put into its environment, and says so. */
const RECEIVER = `
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
const key = Buffer.from(process.env.GEMINI_WEBHOOK_SECRET.slice(6), 'base64')
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += chunk)).on('end', () => {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers
    const expected = createHmac('sha256', key).update(id + '.' + timestamp + '.' + body).digest('base64')
    console.log(signature === 'v1,' + expected ? 'verified ' + JSON.parse(body).type : 'forged')
    response.end()
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready', process.env.GOOGLE_GEMINI_BASE_URL))
`

const PORT = 20_000 + (process.pid % 10_000)
const FORWARD = `http://127.0.0.1:${PORT}/webhooks/gemini`

test('a program run by dev gets a signed event that trigger sends', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'server.mjs'), RECEIVER)
  const dev = start(cwd, [
    'dev',
    '--port',
    '0',
    '--forward',
    FORWARD,
    '--',
    process.execPath,
    'server.mjs',
    `${PORT}`,
  ])
  await dev.saw(/ready http:\/\/127\.0\.0\.1:\d+/)
  const sent = await gwh(cwd, ['trigger', 'batch.succeeded', '--metadata', 'customer=7', '--json'])
  expect(sent).toMatchObject({ code: 0, stderr: '' })
  const [delivery] = JSON.parse(sent.stdout).deliveries
  expect(delivery).toMatchObject({ uri: FORWARD, eventType: 'batch.succeeded' })
  expect(JSON.parse(delivery.body).user_metadata).toEqual({ customer: '7' })
  await dev.saw(/verified batch\.succeeded/)
  await dev.saw(/<-- \[200\]/)
  dev.kill('SIGTERM')
  expect((await dev.finished).code).toBe(143)
})

test('the page that dev prints opens once', async () => {
  const cwd = emptyFolder()
  const dev = start(cwd, ['dev', '--port', '0', '--forward', FORWARD])
  const [, url, ticket] = await dev.saw(/(http:\/\/127\.0\.0\.1:\d+)\/#ticket=(\w+)/)
  const open = () =>
    fetch(`${url}/_gwh/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    })
  expect([(await open()).status, (await open()).status]).toEqual([200, 401])
  // Another one, for another browser.
  const { stdout } = await gwh(cwd, ['page'])
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#ticket=\w+\n$/)
  expect(stdout).not.toContain(ticket)
  dev.kill('SIGINT')
  await dev.finished
})

test("the page shows the receiver's queue, once it is there", async () => {
  const cwd = emptyFolder()
  const path = join(cwd, 'deliveries.db')
  const dev = start(cwd, ['dev', '--port', '0', '--queue', path])
  await dev.saw(/Ctrl-C/)
  const { url, controlToken } = JSON.parse(readFileSync(join(cwd, '.gwh/dev.json'), 'utf8'))
  const counts = async () => {
    const headers = { authorization: `Bearer ${controlToken}` }
    const response = await fetch(`${url}/_gwh/queue/counts`, { headers })
    return { status: response.status, body: await response.json() }
  }
  expect(await counts()).toMatchObject({ status: 503, body: { error: { code: 'store_unavailable' } } })
  const queue = createSqliteQueue({ path })
  await queue.enqueue(queuedDelivery())
  expect(await counts()).toMatchObject({ status: 200, body: { pending: 1 } })
  await queue.close()
  dev.kill('SIGINT')
  await dev.finished
})

test('the secret, the token and the webhook are the same after a restart, and never printed', async () => {
  const cwd = emptyFolder()
  const settings = () => readFileSync(join(cwd, '.gwh/dev.json'), 'utf8')
  const seen = []
  for (const _ of [1, 2]) {
    const dev = start(cwd, ['dev', '--port', '0', '--forward', FORWARD])
    await dev.saw(/Ctrl-C/)
    const { secret, controlToken, url } = JSON.parse(settings())
    const webhooks = await fetch(`${url}/v1/webhooks`, { headers: { 'x-goog-api-key': 'any' } })
    seen.push({ secret, controlToken, webhooks: await webhooks.json() })
    dev.kill('SIGINT')
    expect((await dev.finished).code).toBe(0)
    expect(dev.text()).not.toContain(secret)
    expect(dev.text()).not.toContain(controlToken)
  }
  expect(seen[0]).toEqual(seen[1])
  expect(seen[0]!.webhooks.webhooks).toHaveLength(1)
  for (const file of ['dev.json', 'env', 'emulator.db']) {
    expect(statSync(join(cwd, '.gwh', file)).mode & 0o777).toBe(0o600)
  }
})

test('a second dev in the same folder is refused with a reason', async () => {
  const cwd = emptyFolder()
  const first = start(cwd, ['dev', '--port', '0'])
  await first.saw(/Ctrl-C/)
  const { code, stderr } = await gwh(cwd, ['dev', '--port', '0'])
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('Another `gwh dev` runs') })
})

test('dev gives the program a key for job tokens, and scenarios of a file decide how jobs end', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'scenarios.json'), '[{"then":{"afterMs":0,"outcome":"failed"}}]')
  const program = `
    const { GOOGLE_GEMINI_BASE_URL: url, GWH_JOB_KEY } = process.env
    const body = JSON.stringify({ model: 'm', input: 'x', background: true })
    const headers = { 'x-goog-api-key': 'any', 'content-type': 'application/json' }
    const { id } = await (await fetch(url + '/v1/interactions', { method: 'POST', headers, body })).json()
    let status
    do ({ status } = await (await fetch(url + '/v1/interactions/' + id, { headers })).json())
    while (status === 'in_progress')
    console.log(status, GWH_JOB_KEY.length >= 32)`
  writeFileSync(join(cwd, 'program.mjs'), program)
  const args = ['dev', '--port', '0', '--scenarios', 'scenarios.json', '--', process.execPath, 'program.mjs']
  const { code, stdout } = await gwh(cwd, args)
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('failed true') })
  const wrong = await gwh(cwd, ['dev', '--port', '0', '--scenarios', 'none.json'])
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining('none.json') })
})

test('files of a cloned project decide neither where dev writes nor what a shell runs', async () => {
  const cwd = emptyFolder()
  const outside = join(cwd, 'outside')
  mkdirSync(join(cwd, '.gwh'))
  writeFileSync(outside, 'untouched')
  for (const name of ['env', '.gitignore']) symlinkSync(outside, join(cwd, '.gwh', name))
  const program = ['--', process.execPath, '-e', '0']
  expect((await gwh(cwd, ['dev', '--port', '0', ...program])).code).toBe(0)
  expect(readFileSync(outside, 'utf8')).toBe('untouched')

  const settings = JSON.parse(readFileSync(join(cwd, '.gwh/dev.json'), 'utf8'))
  for (const jobKey of ['x\necho OWNED', '$(touch owned)', 7]) {
    writeFileSync(join(cwd, '.gwh/dev.json'), JSON.stringify({ ...settings, jobKey }))
    const { code, stderr } = await gwh(cwd, ['dev', '--port', '0', ...program])
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('is damaged') })
  }
})

test('a link in the place of the folder is refused', async () => {
  const cwd = emptyFolder()
  const elsewhere = emptyFolder()
  symlinkSync(elsewhere, join(cwd, '.gwh'))
  const { code } = await gwh(cwd, ['dev', '--port', '0', '--', process.execPath, '-e', '0'])
  expect([code, readdirSync(elsewhere)]).toEqual([3, []])
})

test("a job key of the user's own is quoted where a shell reads it", async () => {
  const cwd = emptyFolder()
  const key = 'a key with $(touch owned) of more than 32 characters'
  const args = ['dev', '--port', '0', '--', process.execPath, '-p', 'process.env.GWH_JOB_KEY']
  expect(await gwh(cwd, args, { GWH_JOB_KEY: key })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(key),
  })
  const shell = spawnSync('sh', ['-c', '. ./.gwh/env; printf %s "$GWH_JOB_KEY"'], { cwd, encoding: 'utf8' })
  expect([shell.stdout, existsSync(join(cwd, 'owned'))]).toEqual([key, false])
})

test('drafts that a killed process left behind go away, and other files stay', async () => {
  const cwd = emptyFolder()
  const folder = join(cwd, '.gwh')
  mkdirSync(folder)
  const draft = (name: string) => `${name}.${randomUUID()}.tmp`
  const stale = [draft('env'), draft('.gitignore'), draft('dev.json')]
  const kept = [draft('env'), 'env.tmp', draft('mine').replace('.tmp', '.txt')]
  for (const name of [...stale, ...kept]) writeFileSync(join(folder, name), 'x')
  // The first one of `kept` is new: another process may be about to rename it.
  for (const name of [...stale, ...kept.slice(1)]) utimesSync(join(folder, name), 1, 1)
  expect((await gwh(cwd, ['dev', '--port', '0', '--', process.execPath, '-e', '0'])).code).toBe(0)
  const left = readdirSync(folder)
  expect(left).toEqual(expect.arrayContaining(kept))
  expect(left.filter((name) => stale.includes(name))).toEqual([])
})

test.each([['trigger', 'x'], ['dev'], ['init']])(
  'a folder that is gone is explained: %s',
  async (...args) => {
    const cwd = emptyFolder()
    // A shell whose folder goes away before it starts `gwh`.
    const script = 'rmdir "$PWD" && exec "$0" "$@"'
    const command = [script, process.execPath, '--conditions=@gwh/source', GWH, ...args]
    const { status, stderr } = spawnSync('sh', ['-c', ...command], { cwd, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('the current folder') })
    expect(stderr).not.toMatch(/^\s+at /m)
  },
)

test.each([
  [['trigger', 'batch.succeeded'], 3, 'no emulator is known here'],
  [['trigger'], 2, "missing required argument 'event'"],
  [['trigger', 'x', '--data', 'nope'], 2, 'A JSON object is needed'],
  [['trigger', 'x', '--metadata', 'nope'], 2, 'key=value is needed'],
  [['trigger', 'x', '--url', 'https://evil.example'], 2, 'no emulator on this machine'],
  [['trigg'], 2, 'Did you mean trigger?'],
  [['dev', '--port', '70000'], 2, 'A port from 0 to 65535'],
  [['dev', '--forward', 'localhost:3000'], 2, 'An http or https URL'],
])('a mistake is explained without a stack: %j', async (args, code, message) => {
  const env = args.includes('--url') ? { GWH_CONTROL_TOKEN: 'a-token-for-the-tests' } : {}
  const result = await gwh(emptyFolder(), args, env)
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toContain(message)
  expect(result.stderr).not.toMatch(/^\s+at /m)
})

test('trigger explains an event type that is misspelt, and an emulator that is gone', async () => {
  const cwd = emptyFolder()
  const dev = start(cwd, ['dev', '--port', '0'])
  await dev.saw(/Ctrl-C/)
  const misspelt = await gwh(cwd, ['trigger', 'batch.suceeded'])
  expect(misspelt).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Did you mean 'batch.succeeded'"),
  })
  dev.kill('SIGINT')
  await dev.finished
  const gone = await gwh(cwd, ['trigger', 'batch.succeeded'])
  expect(gone).toMatchObject({ code: 4, stderr: expect.stringContaining('Is `gwh dev` running?') })
})
