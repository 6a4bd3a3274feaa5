import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createNodeHandler } from '@gwh/node'
import { CONTRACT_SECRET, createContractReceiver, freePort } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh } from './support.ts'

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}

const run = (url: string, ...args: string[]) =>
  gwh(emptyFolder(), ['conformance', url, ...args], { MINE: CONTRACT_SECRET })
const SECRET_ENV = ['--secret-env', 'MINE']

test('a receiver of ours keeps every rule, bodies included', async () => {
  const url = await listen(createServer(createNodeHandler(createContractReceiver(), { path: '/hook' })))
  const args = [...SECRET_ENV, '--exact', '--mode', 'inline', '--server', 'node', '--json']
  const { code, stdout } = await run(url, ...args)
  const { rules, failed, results } = JSON.parse(stdout)
  expect(results.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([])
  expect({ code, failed }).toEqual({ code: 0, failed: 0 })
  expect(rules).toBeGreaterThan(150)
}, 120_000)

/** Somebody's own receiver: right about signatures, with its own words, and no idea of time. */
const startNaive = () =>
  listen(
    createServer(async (request, response) => {
      const body = await buffer(request).catch(() => Buffer.alloc(0))
      const {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature = '',
      } = request.headers
      const key = Buffer.from(CONTRACT_SECRET.slice(6), 'base64')
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
      response.writeHead(String(signature).split(' ').includes(`v1,${expected}`) ? 200 : 401).end('thanks')
    }),
  )

test('another receiver is judged by its statuses, and each broken rule says what happened instead', async () => {
  const url = await startNaive()
  const { code, stdout } = await run(url, ...SECRET_ENV, '--only', 'a delivery')
  expect(code).toBe(1)
  expect(stdout).toMatch(/^ok {3}a delivery sent again is a duplicate$/m)
  expect(stdout).toMatch(/^ok {3}a delivery signed with another secret is unauthorized$/m)
  expect(stdout).toMatch(
    /^FAIL a delivery sent ten minutes ago is unauthorized\n {5}the status is 200, not 401$/m,
  )
  const junit = (await run(url, ...SECRET_ENV, '--only', 'ten minutes', '--report', 'junit')).stdout
  expect(junit).toContain('tests="2" failures="2"')
  expect(junit).toMatch(/<failure message="the status is 200, not 401"\/>/)
  const exact = await run(url, ...SECRET_ENV, '--exact', '--only', 'sent again')
  expect(exact.stdout).toContain('thanks')
})

test('dynamic deliveries are sent with a key that is served meanwhile, the same in the next run', async () => {
  const port = await freePort()
  const jobKey = 'a job key of more than thirty-two characters'
  const dynamic = { jobKey, jwks: `http://127.0.0.1:${port}/jwks.json` }
  const url = await listen(
    createServer(createNodeHandler(createContractReceiver({ dynamic }), { path: '/hook' })),
  )
  const args = ['conformance', url, ...SECRET_ENV, '--only', 'dynamic', '--jwks-port', `${port}`]
  const cwd = emptyFolder()
  const env = { MINE: CONTRACT_SECRET, GWH_JOB_KEY: jobKey }
  for (const _ of [1, 2]) {
    const { code, stdout, stderr } = await gwh(cwd, args, env)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('3 rules: 3 kept') })
    expect(stderr).toContain(`http://127.0.0.1:${port}/jwks.json`)
  }
  expect(statSync(join(cwd, '.gwh/conformance-key.json')).mode & 0o777).toBe(0o600)
  expect(await gwh(cwd, args, { MINE: CONTRACT_SECRET })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('GWH_JOB_KEY'),
  })
})

test('rules that Node breaks for every receiver are counted, with the flag that accepts them', async () => {
  const url = await listen(createServer(createNodeHandler(createContractReceiver(), { path: '/hook' })))
  const args = [...SECRET_ENV, '--only', 'raw: version']
  expect(await run(url, ...args)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^3 of the broken rules depend on the HTTP server.*\n.*--server node/),
  })
  for (const more of [[], ['--exact']]) {
    expect(await run(url, ...args, '--server', 'node', ...more)).toMatchObject({ code: 0, stderr: '' })
  }
})

test('a receiver that never answers is not waited for', async () => {
  const url = await listen(createServer((request) => void request.resume()))
  expect(await run(url, ...SECRET_ENV)).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('within 5 s'),
  })
})

test.each([
  [['http://127.0.0.1:9/hook', ...SECRET_ENV], 4, 'nothing answers'],
  [['http://127.0.0.1:9/hook', ...SECRET_ENV, '--jwks-port', '0'], 2, 'A port from 1'],
  [['http://127.0.0.1:9/hook'], 3, 'no signing secret'],
  [['https://example.com/hook'], 2, 'A plain http URL'],
])('conformance explains the mistake: %j', async (args, code, message) => {
  const result = await gwh(emptyFolder(), ['conformance', ...args], { MINE: CONTRACT_SECRET })
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toContain(message)
})
