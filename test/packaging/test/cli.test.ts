import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { freePort } from '@gwh/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createProject, programs } from '../src/project.ts'
import { cleanEnv } from '../src/run.ts'

const GWH = ['--yes', '@gwh/cli']

test('from an empty folder to a verified event in a handler, in three steps', async () => {
  const project = createProject(join(inject('work'), 'gwh'), inject('registryUrl'))
  const port = await freePort()
  // `npx` starts the first Node.js on the path.
  const PATH = `${dirname(programs.node24)}:${process.env.PATH}`
  const env = { PATH, PORT: String(port), npm_config_cache: join(project.folder, '../caches/npx') }
  const startedAt = performance.now()

  const { stdout } = await project.run('npx', [...GWH, 'init', '--install'], { env })
  expect(stdout).toContain('wrote gemini-webhooks.mjs for node')
  const installedAt = performance.now()

  const url = `http://127.0.0.1:${port}/webhooks/gemini`
  const script = ['--', 'node', '--env-file-if-exists=.env', 'gemini-webhooks.mjs']
  const dev = spawn('npx', [...GWH, 'dev', '--port', '0', '--forward', url, ...script], {
    cwd: project.folder,
    env: { ...cleanEnv(), ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    // `npx` keeps signals to itself, so the whole group gets them.
    detached: true,
  })
  const ended = once(dev, 'close')
  onTestFinished(async () => {
    process.kill(-dev.pid!, 'SIGTERM')
    await ended
  })
  let seen = ''
  dev.stdout.setEncoding('utf8').on('data', (text) => (seen += text))
  const answers = () =>
    fetch(url, { method: 'POST' }).then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(answers, { timeout: 60_000 }).toBe(400)

  await project.run('npx', [...GWH, 'trigger', 'batch.succeeded'], { env })
  await expect.poll(() => seen, { timeout: 30_000 }).toContain('batch done: batches/')
  const seconds = (from: number, to: number) => ((to - from) / 1_000).toFixed(1)
  const now = performance.now()
  console.log(`${seconds(startedAt, installedAt)} s until installed, ${seconds(startedAt, now)} s in all`)
})
