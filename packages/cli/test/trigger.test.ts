import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { EVENT_TYPES, parseEvent } from '@gwh/core/events'
import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { createEmulator } from '@gwh/emulator'
import { expect, onTestFinished, test } from 'vitest'
import { FAULT_NAMES } from '../src/lib/trigger/faults.ts'
import { emptyFolder, gwh } from './support.ts'

/** An emulator with one registered receiver that records what it gets. */
async function setUp() {
  const received: { signature: string; type: string; userMetadata: Record<string, unknown> }[] = []
  const server = createServer(async (request, response) => {
    // Faults cut requests short.
    const body = await buffer(request).catch(() => undefined)
    if (body === undefined) return
    const event = parseEvent(body)
    const signature = String(request.headers['webhook-signature'])
    received.push({ signature, type: event.type, userMetadata: event.userMetadata })
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const emulator = createEmulator({
    webhooks: [{ uri, secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' }],
    retry: { scheduleMs: [0] },
  })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  const env = { GOOGLE_GEMINI_BASE_URL: url, GWH_CONTROL_TOKEN: emulator.controlToken }
  const trigger = (args: readonly string[], more: Record<string, string> = {}) =>
    gwh(emptyFolder(), ['trigger', ...args], { ...env, ...more })
  return { emulator, received, trigger, uri }
}

test('--dynamic signs with the public key, for the registered receivers, with a job token if there is a key', async () => {
  const { emulator, received, trigger } = await setUp()
  const bare = await trigger(['batch.succeeded', '--dynamic'])
  expect(bare).toMatchObject({ code: 0, stderr: expect.stringContaining('GWH_JOB_KEY is not set') })
  const jobKey = 'a job key of more than thirty-two characters'
  const ours = await trigger(['batch.succeeded', '--dynamic', '--metadata', 'a=1'], { GWH_JOB_KEY: jobKey })
  expect(ours).toMatchObject({ code: 0, stderr: '' })
  await emulator.settled()
  expect(received).toMatchObject([
    { signature: expect.stringMatching(/^v1a,/), userMetadata: {} },
    {
      signature: expect.stringMatching(/^v1a,/),
      userMetadata: { a: '1', [JOB_TOKEN_FIELD]: expect.stringMatching(/./) },
    },
  ])
})

test('--fault breaks the first attempt of this event, and nothing else', async () => {
  const { emulator, received, trigger } = await setUp()
  expect((await trigger(['batch.succeeded', '--fault', 'duplicate=3'])).code).toBe(0)
  expect((await trigger(['batch.succeeded'])).code).toBe(0)
  await emulator.settled()
  expect(received).toHaveLength(4)
  expect(emulator.faults.list()).toEqual([])
})

test('every fault is known to the emulator', async () => {
  const { emulator, trigger } = await setUp()
  for (const name of FAULT_NAMES) {
    const fault = name === 'delay' ? 'delay=1' : name
    expect(await trigger(['batch.succeeded', '--fault', fault]), fault).toMatchObject({ code: 0 })
    emulator.faults.clear()
  }
}, 60_000)

test('--count sends many, at --rate', async () => {
  const { emulator, received, trigger } = await setUp()
  const { stdout } = await trigger(['video.generated', '--count', '5', '--rate', '200', '--json'])
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(JSON.parse(line).deliveries[0].body).data.id)
  await emulator.settled()
  expect([new Set(ids).size, received.length]).toEqual([5, 5])
})

test.each(['<html>', 'null', '{}', '[]', '{"webhooks":7}'])(
  'what is no emulator is not taken for one: %s',
  async (answer) => {
    const server = createServer((_, response) => void response.end(answer)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close().closeAllConnections())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { GOOGLE_GEMINI_BASE_URL: url, GWH_CONTROL_TOKEN: 'x' }
    for (const args of [['trigger', 'batch.succeeded'], ['page'], ['trigger', 'x', '--fault', 'drop']]) {
      const { code, stderr } = await gwh(emptyFolder(), args, env)
      expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('is no emulator') })
    }
  },
)

test('a receiver that the emulator sends nothing to is named', async () => {
  const { trigger } = await setUp()
  const remote = 'https://app.example/hook'
  const { stderr } = await trigger(['batch.succeeded', '--count', '2', '--to', remote])
  expect(stderr.match(/target_blocked/g)).toHaveLength(1)
  expect(stderr).toContain(`${remote} is not on this machine`)
  const emulator = createEmulator({ allowRemote: true, lookup: async () => [] })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  const env = { GOOGLE_GEMINI_BASE_URL: url, GWH_CONTROL_TOKEN: emulator.controlToken }
  expect((await trigger(['batch.succeeded', '--to', remote], env)).stderr).toBe('')
})

test('--list prints the event types', async () => {
  expect(await gwh(emptyFolder(), ['trigger', '--list'])).toMatchObject({
    code: 0,
    stdout: `${EVENT_TYPES.join('\n')}\n`,
  })
})

test.each([
  [['batch.succeeded', '--fault', 'nonsense'], 'there is no fault "nonsense"'],
  [['batch.succeeded', '--fault', 'drop=1'], 'drop takes no value'],
  [['batch.succeeded', '--fault', 'delay=x'], 'delay takes a number (ms)'],
  [['batch.succeeded', '--count', '0'], 'A number from 1'],
  [['batch.succeeded', '--rate', '-1'], 'A number above 0'],
  [['batch.succeeded', '--dynamic', '--to', 'http://127.0.0.1:9'], 'cannot be used with'],
])('trigger explains the mistake: %j', async (args, message) => {
  const env = { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9', GWH_CONTROL_TOKEN: 'x' }
  const { code, stderr } = await gwh(emptyFolder(), ['trigger', ...args], env)
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
})
