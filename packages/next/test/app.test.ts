import { createReceiver } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { signedDelivery } from '@gwh/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, buildApp, startApp } from './start-app.ts'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='
const CRON_SECRET = 'a secret only the cron knows'

let app: App
beforeAll(async () => {
  await buildApp()
  app = await startApp({ GEMINI_WEBHOOK_SECRET: SECRET, CRON_SECRET })
}, 180_000)
afterAll(() => app?.stop())

const post = async (path: string, changes: RequestInit = {}) => {
  const { headers, body } = await signedDelivery({ secret: SECRET })
  return await fetch(`${app.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body), ...changes })
}
const callCron = (secret?: string) =>
  fetch(`${app.url}/cron`, secret ? { headers: { authorization: `Bearer ${secret}` } } : {})

describe('the app router', () => {
  test('answers before the handler is done, which continues after the answer', async () => {
    const response = await post('/webhooks/gemini')
    expect([response.status, await response.json()]).toEqual([200, { status: 'accepted' }])
    const { key } = await app.signal(({ type }) => type === 'accepted')
    // It cannot have been handled: the gate is closed, and the answer is here.
    app.openGate()
    expect(await app.signal((signal) => signal.key === key)).toMatchObject({ type: 'handled', attempt: 1 })
  })

  test('refuses what is not signed, and other methods', async () => {
    expect((await post('/webhooks/gemini', { body: '{}' })).status).toBe(401)
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      expect([method, (await fetch(`${app.url}/webhooks/gemini`, { method })).status]).toEqual([method, 405])
    }
  })
})

describe('the cron', () => {
  test('handles what an invocation accepted before it was killed', async () => {
    app.openGate()
    const queue = createSqliteQueue({ path: app.database })
    const killed = createReceiver({ static: { secrets: SECRET }, queue })
    await killed.receive({ method: 'POST', ...(await signedDelivery({ secret: SECRET })) })
    await queue.close()
    const response = await callCron(CRON_SECRET)
    expect([response.status, await response.json()]).toEqual([200, { processed: 1 }])
    expect(await (await callCron(CRON_SECRET)).json()).toEqual({ processed: 0 })
  })

  test('requires the secret', async () => {
    expect((await callCron()).status).toBe(401)
    expect((await callCron('another secret')).status).toBe(401)
  })
})

describe('the pages router', () => {
  test('reads the bytes as they were sent', async () => {
    const response = await post('/api/gemini')
    expect([response.status, await response.json()]).toEqual([200, { status: 'accepted' }])
    expect((await post('/api/gemini', { body: '{}' })).status).toBe(401)
    expect((await fetch(`${app.url}/api/gemini`)).status).toBe(405)
  })

  test('with its body parser on, reports once which line to add', async () => {
    for (const _ of [1, 2]) {
      const response = await post('/api/parsed')
      expect([response.status, await response.json()]).toEqual([500, { error: 'raw_body_required' }])
    }
    const refused = await app.signal(({ code }) => code === 'raw_body_required')
    expect(refused.message).toMatch(
      /Next\.js pages router: .*export const config = \{ api: \{ bodyParser: false \} \}/,
    )
  })
})
