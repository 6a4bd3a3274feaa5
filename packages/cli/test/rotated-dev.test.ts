import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { freePort } from '@gwh/testing'
import { expect, test } from 'vitest'
import { emptyFolder, gwh, start } from './support.ts'

/** A program that verifies what it receives with what `gwh dev` put into its environment, and answers 401 otherwise. */
const RECEIVER = `
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
const keys = process.env.GEMINI_WEBHOOK_SECRET.split(',').map((secret) => Buffer.from(secret.slice(6), 'base64'))
createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += chunk)).on('end', () => {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers
    const sign = (key) => 'v1,' + createHmac('sha256', key).update(id + '.' + timestamp + '.' + body).digest('base64')
    const isGood = keys.some((key) => signature.split(' ').includes(sign(key)))
    response.writeHead(isGood ? 200 : 401).end()
  })
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready with', keys.length))
`

/** A project whose receiver is run by `gwh dev`. */
async function setUp() {
  const cwd = emptyFolder()
  const [port, apiPort] = [await freePort(), await freePort()]
  writeFileSync(join(cwd, 'server.mjs'), RECEIVER)
  const forward = `http://127.0.0.1:${port}/webhooks/gemini`
  const program = [process.execPath, 'server.mjs', String(port)]
  const dev = () => start(cwd, ['dev', '--port', String(apiPort), '--forward', forward, '--', ...program])
  const read = (path: string) => readFileSync(join(cwd, path), 'utf8')
  const kept = () => JSON.parse(read('.gwh/dev.json'))
  const webhooks = (...args: string[]) => gwh(cwd, ['webhooks', ...args])
  const secrets = () => parseEnv(read('.gwh/env')).GEMINI_WEBHOOK_SECRET!.split(',')
  return { cwd, dev, kept, webhooks, secrets, read }
}

test('a rotated secret of its own webhook reaches .gwh, and the program at the next start', async () => {
  const { cwd, dev, kept, webhooks, secrets, read } = await setUp()
  const first = dev()
  await first.saw(/ready with 1/)
  const { webhook, secret: old } = kept()
  const begun = await webhooks('rotate', webhook, '--write-env', '.env')
  expect(begun).toMatchObject({ code: 0, stderr: expect.stringContaining('1. Restart `gwh dev`') })
  expect(begun.stderr).not.toContain('Until then they answer 401')
  const [newest] = secrets()
  expect(secrets()).toEqual([newest, old])
  expect(kept().secret).toBe(`${newest},${old}`)
  expect(read('.env')).toBe(`GEMINI_WEBHOOK_SECRET=${newest}\n`)
  // Both sign, so that nothing is lost until the restart.
  await gwh(cwd, ['trigger', 'batch.succeeded'])
  await first.saw(/<-- \[200\]/)

  const again = ['rotate', webhook, '--write-env', '.env', '--again', '--revoke-now'] as const
  const revoked = await webhooks(...again)
  expect(revoked).toMatchObject({ code: 0, stderr: expect.stringContaining('1. Restart `gwh dev`') })
  expect(revoked.stderr).toContain('Until then the program answers 401')
  const [only, ...none] = secrets()
  expect([none, kept().secret]).toEqual([[], only])
  first.kill('SIGTERM')
  await first.finished

  const second = dev()
  await second.saw(/ready with 1/)
  expect(second.text()).toContain('The secret was rotated')
  await gwh(cwd, ['trigger', 'batch.succeeded'])
  await second.saw(/<-- \[200\]/)
  second.kill('SIGTERM')
  await second.finished

  const third = dev()
  await third.saw(/ready with 1/)
  expect(third.text()).not.toContain('The secret was rotated')
})

test('a secret that a program rotated is taken over at the next start', async () => {
  const { cwd, dev, kept, secrets } = await setUp()
  const first = dev()
  await first.saw(/ready with 1/)
  const { webhook, secret: old, url } = kept()
  const rotated = await fetch(`${url}/v1/webhooks/${webhook}:rotateSigningSecret`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'any', 'content-type': 'application/json' },
    body: JSON.stringify({ revocation_behavior: 'revoke_previous_secrets_immediately' }),
  })
  const { secret } = (await rotated.json()) as { secret: string }
  first.kill('SIGTERM')
  await first.finished
  expect(secrets()).toEqual([old])
  const second = dev()
  await second.saw(/ready with 1/)
  expect(second.text()).toContain('The secret was rotated')
  expect([secrets(), kept().secret]).toEqual([[secret], secret])
  await gwh(cwd, ['trigger', 'batch.succeeded'])
  await second.saw(/<-- \[200\]/)
})

test('a rotation of another webhook leaves .gwh alone', async () => {
  const { cwd, dev, kept, webhooks } = await setUp()
  await dev().saw(/ready with 1/)
  const { secret } = kept()
  await webhooks(
    'register',
    '--uri',
    'https://app.example/hook',
    '--name',
    'other',
    '--write-env',
    'other.env',
  )
  const { stdout } = await webhooks('list', '--json')
  const other = JSON.parse(stdout).webhooks.find(({ name }: { name: string }) => name === 'other')
  const rotated = await gwh(cwd, ['webhooks', 'rotate', other.id, '--write-env', 'other.env'])
  expect(rotated).toMatchObject({ code: 0, stderr: expect.stringContaining('1. Have the receivers load') })
  expect(kept().secret).toBe(secret)
})
