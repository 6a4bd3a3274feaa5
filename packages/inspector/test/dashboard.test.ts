import { createMemoryQueue, type DeliveryQueue } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { createDashboard } from '../src/index.ts'
import { ACTION, dashboardOver, queueWithDeadLetter } from './support.ts'

const authorize = () => true

test.each([
  ['authorize', { queue: createMemoryQueue() }, 'needs authorize'],
  ['a queue', { authorize }, 'needs a queue'],
  ['a known name for each option', { queue: createMemoryQueue(), authorize, auth: 1 }, "'auth'"],
  ['a path', { queue: createMemoryQueue(), authorize, basePath: 'admin' }, 'basePath'],
  ['a path without markup', { queue: createMemoryQueue(), authorize, basePath: '/"><b>' }, 'basePath'],
  ['an origin', { queue: createMemoryQueue(), authorize, origin: 'ops.test' }, 'origin'],
])('it does not start without %s', (_, options, words) => {
  const start = () => createDashboard(options as Parameters<typeof createDashboard>[0])
  expect(start).toThrow(words)
  expect(start).toThrow(expect.objectContaining({ code: 'option_invalid' }))
})

test('nobody sees anything unless authorize says true, not just something that is truthy', async () => {
  const queue = await queueWithDeadLetter()
  const paths = ['', '/', '/inspector.js', '/inspector.css', '/api/counts', '/api/deliveries', '/elsewhere']
  for (const answer of [false, undefined, 1, 'yes', null]) {
    const call = dashboardOver(queue, { authorize: (() => answer) as () => boolean })
    for (const path of paths) expect((await call('GET', `/admin${path}`)).status).toBe(403)
    expect((await call('POST', '/admin/api/redrive', { target: 'all' })).status).toBe(403)
  }
  expect((await queue.stats()).dead).toBe(1)
})

test('authorize can answer by itself, and what it throws stays inside', async () => {
  const queue = createMemoryQueue()
  const login = () => new Response(null, { status: 302, headers: { location: '/login' } })
  const redirected = await dashboardOver(queue, { authorize: login })('GET', '/admin')
  expect([redirected.status, redirected.headers.get('location')]).toEqual([302, '/login'])
  const broken = dashboardOver(queue, { authorize: () => Promise.reject(new Error('password=hunter2')) })
  const failed = await broken('GET', '/admin/api/counts')
  expect(failed.status).toBe(500)
  expect(failed.text).not.toContain('hunter2')
})

test('a dead letter is listed with its reason and its event, redriven and purged', async () => {
  const queue = await queueWithDeadLetter()
  const call = dashboardOver(queue)
  expect((await call('GET', '/admin/api/counts')).json()).toMatchObject({ dead: 1, pending: 1 })
  const [dead] = (await call('GET', '/admin/api/deliveries?state=dead')).json().entries
  expect(dead).toMatchObject({
    key: queue.deadKey,
    reason: 'attempts',
    lastError: { message: 'the database said no', code: 'ECONNREFUSED' },
    history: [{ attempt: 1 }],
  })
  expect(JSON.parse(dead.event)).toMatchObject({ type: dead.eventType })
  const path = `/admin/api/deliveries/${encodeURIComponent(queue.deadKey)}`
  expect((await call('GET', path)).json()).toEqual(dead)
  expect((await call('POST', '/admin/api/redrive', { target: queue.deadKey })).json()).toEqual({ count: 1 })
  expect(await queue.stats()).toMatchObject({ dead: 0, pending: 2 })
  expect((await call('POST', '/admin/api/purge', { olderThan: 0 })).json()).toEqual({ count: 0 })
  expect((await call('POST', '/admin/api/replay', { target: 'none' })).json()).toEqual({ count: 0 })
})

test('deliveries come in pages', async () => {
  const queue = createMemoryQueue()
  for (let index = 0; index < 60; index += 1) {
    await queue.enqueue({ ...queuedDelivery(), key: `k${index}`, receivedAt: index })
  }
  const call = dashboardOver(queue)
  const first = (await call('GET', '/admin/api/deliveries')).json()
  const second = (await call('GET', `/admin/api/deliveries?after=${first.next}`)).json()
  const keys = [...first.entries, ...second.entries].map(({ key }: { key: string }) => key)
  expect(new Set(keys).size).toBe(60)
  expect(second.next).toBeUndefined()
})

test.each([
  ['no Origin', { 'x-gwh-action': '1', 'content-type': 'application/json' }, 403],
  ['a foreign Origin', { ...ACTION, origin: 'https://evil.test' }, 403],
  ['the Origin null of a sandbox', { ...ACTION, origin: 'null' }, 403],
  ['a host that only begins like ours', { ...ACTION, origin: 'http://ops.test.evil.test' }, 403],
  ['a page of a sibling site', { ...ACTION, 'sec-fetch-site': 'same-site' }, 403],
  ['no header of our own', { origin: 'http://ops.test', 'content-type': 'application/json' }, 403],
  ['a form', { ...ACTION, 'content-type': 'application/x-www-form-urlencoded' }, 415],
])('an action with %s changes nothing', async (_, headers, status) => {
  const queue = await queueWithDeadLetter()
  const answer = await dashboardOver(queue)('POST', '/admin/api/redrive', { target: 'all' }, headers)
  expect(answer.status).toBe(status)
  expect((await queue.stats()).dead).toBe(1)
})

test('behind a proxy the origin of the options counts, and no other', async () => {
  const queue = await queueWithDeadLetter()
  const call = dashboardOver(queue, { origin: 'https://ops.example.com' })
  const redrive = (origin: string) =>
    call('POST', '/admin/api/redrive', { target: 'all' }, { ...ACTION, origin }).then(({ status }) => status)
  expect(await redrive('http://ops.test')).toBe(403)
  expect(await redrive('https://ops.example.com')).toBe(200)
})

test('unknown paths, methods and bodies are refused', async () => {
  const call = dashboardOver(createMemoryQueue())
  expect((await call('GET', '/elsewhere')).status).toBe(404)
  expect((await call('GET', '/administrators')).status).toBe(404)
  expect((await call('GET', '/admin/api/nothing')).status).toBe(404)
  expect((await call('GET', '/admin/api/deliveries/%E0%A4%A')).status).toBe(404)
  expect((await call('DELETE', '/admin/api/deliveries')).status).toBe(405)
  expect((await call('POST', '/admin/api/nothing', {})).status).toBe(404)
  for (const body of [{}, { target: '' }, { target: 1 }, [], 'all']) {
    expect((await call('POST', '/admin/api/redrive', body)).status).toBe(400)
  }
  expect((await call('POST', '/admin/api/purge', { olderThan: '1' })).status).toBe(400)
  expect((await call('POST', '/admin/api/redrive', { target: 'x'.repeat(20_000) })).status).toBe(400)
})

test('a queue that fails says its own message only when that is one of ours', async () => {
  const queue = createMemoryQueue()
  const failing: DeliveryQueue = {
    ...queue,
    stats: () => Promise.reject(new Error('redis://user:hunter2@db')),
  }
  const answer = await dashboardOver(failing)('GET', '/admin/api/counts')
  expect(answer.status).toBe(500)
  expect(answer.text).not.toContain('hunter2')
})

test('a body that is no event is shown as text, and a job token never', async () => {
  const queue = createMemoryQueue()
  const body = (text: string) => new TextEncoder().encode(text)
  await queue.enqueue({ ...queuedDelivery(), key: 'broken', body: body('{"type": <script>') })
  const token = '"user_metadata":{"gwh_job_token": "v1.hunter2.a-b_c"'
  const event = '{"type":"batch.succeeded","timestamp":"2026-01-01T00:00:00Z","data":{"id":"x"},'
  await queue.enqueue({ ...queuedDelivery(), key: 'cut', body: body(`{${token}`) })
  await queue.enqueue({ ...queuedDelivery(), key: 'whole', body: body(`${event}${token}}}`) })
  const call = dashboardOver(queue)
  const entry = (await call('GET', '/admin/api/deliveries/broken')).json()
  expect(entry).toMatchObject({ text: '{"type": <script>', bodyBytes: 17 })
  expect(entry.event).toBeUndefined()
  expect((await call('GET', '/admin/api/deliveries/cut')).json().text).toBe(
    '{"user_metadata":{"gwh_job_token": "…"',
  )
  const { text } = await call('GET', '/admin/api/deliveries')
  expect(text).toContain('batch.succeeded')
  expect(text).not.toContain('hunter2')
})

test('every answer is kept out of caches, frames and guesses of its type', async () => {
  const call = dashboardOver(createMemoryQueue())
  for (const path of ['', '/inspector.svg', '/api/counts', '/nothing']) {
    const { headers } = await call('GET', `/admin${path}`)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')?.split('; ').sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "require-trusted-types-for 'script'",
      "script-src 'self'",
      "style-src 'self'",
      "trusted-types 'none'",
    ])
  }
})
