import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gwh } from './support.ts'
import { SECRET, setUp, startSpoiler, URI } from './webhooks-support.ts'

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
  expect(made.stderr).toContain(`${URI} is not on this machine`)
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
