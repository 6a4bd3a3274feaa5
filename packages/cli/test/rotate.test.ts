import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gwh, start } from './support.ts'
import { SECRET, setUp, startProxy, startSpoiler, URI } from './webhooks-support.ts'

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
