import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { call, createTestEmulator, startReceiver } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const DEAD = 'http://127.0.0.1:9/dead'
const retry = { scheduleMs: [0] }

function stateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-emulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'emulator.db')
}

test('a webhook of the options moves by its id to another URI, with what it is owed; others stay', async () => {
  const state = stateFile()
  const receiver = await startReceiver()
  const first = createTestEmulator({ state, webhooks: [{ uri: DEAD, secret: SECRET }] })
  const { id } = first.webhooks()[0]!
  const rotated = await call(first, 'POST', `/v1/webhooks/${id}:rotateSigningSecret`, {})
  const other = { uri: 'http://127.0.0.1:9/other', subscribed_events: ['video.generated'] }
  await call(first, 'POST', '/v1/webhooks', other)
  await first.trigger({ type: 'batch.succeeded' })
  await first.idle()
  await first.close()
  const webhooks = [{ id, uri: receiver.url, secret: SECRET }]
  const second = createTestEmulator({ state, webhooks })
  const secrets = [rotated.body.secret, SECRET]
  expect(second.webhooks()).toMatchObject([{ id, uri: receiver.url, secrets }, { uri: other.uri }])
  await second.clock.advance(60_000)
  await second.idle()
  expect(receiver.received).toHaveLength(1)
})

test.each([
  ['is enabled after failures switched it off', undefined, 'enabled'],
  ['stays disabled after the user disabled it', 'disabled', 'disabled'],
])('a webhook that moves %s', async (_, state, expected) => {
  const path = stateFile()
  const options = { state: path, retry, disableAfter: 1 }
  const first = createTestEmulator({ ...options, webhooks: [{ uri: DEAD }] })
  const { id } = first.webhooks()[0]!
  await first.trigger({ type: 'batch.succeeded' })
  await first.settled()
  expect(first.webhooks()).toMatchObject([{ state: 'disabled_due_to_failed_deliveries' }])
  if (state) await call(first, 'PATCH', `/v1/webhooks/${id}`, { state })
  await first.close()
  const second = createTestEmulator({ ...options, webhooks: [{ id, uri: 'http://127.0.0.1:9/next' }] })
  expect(second.webhooks()).toMatchObject([{ id, state: expected }])
})

test('an id that the state file does not have decides nothing: the URI does', async () => {
  const state = stateFile()
  const first = createTestEmulator({ state, webhooks: [{ uri: DEAD }] })
  const { id } = first.webhooks()[0]!
  await first.close()
  const second = createTestEmulator({ state, webhooks: [{ id: 'gone', uri: DEAD }] })
  expect(second.webhooks()).toMatchObject([{ id }])
})
