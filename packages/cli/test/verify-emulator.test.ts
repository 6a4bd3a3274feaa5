import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator } from '@gwh/emulator'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

/** An emulator whose events were delivered, with its clock an hour behind. */
async function setUp(fault?: 'tampered_body' | 'stale_timestamp') {
  const server = createServer((request, response) => void request.resume().on('end', () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const now = () => Date.now() - 3_600_000
  const emulator = createEmulator({ webhooks: [{ uri, secret: SECRET }], now })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  if (fault) emulator.faults.add({ fault })
  const { webhookIds } = await emulator.trigger({ type: 'batch.succeeded', data: { id: 'batches/x' } })
  await emulator.settled()
  const env = {
    GOOGLE_GEMINI_BASE_URL: url,
    GWH_CONTROL_TOKEN: emulator.controlToken,
    GEMINI_WEBHOOK_SECRET: SECRET,
  }
  const show = async (id: string) => {
    const headers = { authorization: `Bearer ${emulator.controlToken}` }
    return (await fetch(`${url}/_gwh/deliveries/${id}`, { headers })).text()
  }
  const verify = (args: readonly string[], input?: string) =>
    gwh(emptyFolder(), ['verify', ...args], env, input)
  return { id: webhookIds[0]!, verify, show, emulator }
}

test('a delivery of the emulator verifies as it was sent, by its id and as the emulator shows it', async () => {
  const { id, verify, show } = await setUp()
  const expected = { code: 0, stdout: expect.stringMatching(new RegExp(`^verified\n +id +${id}$`, 'm')) }
  expect(await verify(['--delivery', id])).toMatchObject(expected)
  expect(await verify([], await show(id))).toMatchObject(expected)
})

test('a delivery that was sent late does not verify', async () => {
  const { id, verify } = await setUp('stale_timestamp')
  const { code, stdout } = await verify(['--delivery', id])
  expect([code, stdout]).toEqual([1, expect.stringContaining('timestamp_too_old')])
})

test('a body that a fault changed is judged as it was sent, or not at all', async () => {
  const { id, verify, show } = await setUp('tampered_body')
  const fetched = await verify(['--delivery', id])
  expect([fetched.code, fetched.stdout]).toEqual([1, expect.stringContaining('signature_invalid')])
  const shown = await verify([], await show(id))
  expect([shown.code, shown.stderr]).toEqual([3, expect.stringContaining('by the fault tampered_body')])
  expect(shown.stderr).toContain('gwh verify --delivery')
})

test('a delivery that is not known, or was not sent, is explained', async () => {
  const { verify, show, emulator } = await setUp()
  const unknown = await verify(['--delivery', 'msg_none'])
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("'msg_none'")])
  const piped = await verify([], await show('msg_none'))
  expect([piped.code, piped.stderr]).toEqual([3, expect.stringContaining('an error, not a delivery: ')])
  emulator.faults.add({ fault: { type: 'delay', ms: 3_600_000 } })
  const { webhookIds } = await emulator.trigger({ type: 'batch.succeeded', data: { id: 'batches/y' } })
  const pending = await verify(['--delivery', webhookIds[0]!])
  expect([pending.code, pending.stderr]).toEqual([3, expect.stringContaining('no attempt of this delivery')])
  const both = await verify(['--delivery', 'x', 'file'])
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('either --delivery or a file')])
})
