import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh, start } from './support.ts'
import { URI } from './webhooks-support.ts'

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
