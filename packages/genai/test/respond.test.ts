import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, PermanentError, parseEvent } from '@gwh/core'
import { createMemoryLedger } from '@gwh/core/store'
import { createRedisLedger } from '@gwh/store-redis'
import { createSqliteLedger } from '@gwh/store-sqlite'
import { freePort } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { childrenOf } from '../../../test/support/src/children.ts'
import {
  type CallResult,
  type ContinuationMemory,
  createContinuationMemory,
  createJobs,
  fetchResult,
  type RespondOptions,
} from '../src/index.ts'
import { type Answers, serveApi } from './google.ts'
import { connect3, SDKS } from './support.ts'

const startChild = childrenOf(import.meta.url)

const PENDING = {
  id: 'v1_one',
  model: 'gemini-3.8-flash',
  status: 'requires_action',
  steps: [{ type: 'function_call', id: 'c1', name: 'weather', arguments: {} }],
}
const NEXT = { id: 'v1_two', status: 'in_progress' }
const RESULTS: CallResult[] = [{ id: 'c1', result: { degrees: 3 } }]
const refuse = (status: number) => () => Response.json({ error: { message: 'no' } }, { status })

/** The API, where the answers to creations come one after the other, the last one again and again. */
async function startApi(...creations: Answers[string][]) {
  const answers: Answers = { 'interactions/v1_one': PENDING, 'interactions/v1_two': NEXT }
  const { url, requests } = await serveApi(answers, (path) => {
    if (path !== 'interactions') return undefined
    return creations.length > 1 ? creations.shift() : creations[0]
  })
  return { url, created: () => requests.filter(({ method }) => method === 'POST').length }
}

/** One attempt of a handler, in the process of a client. */
async function attempt(client: ReturnType<typeof connect3>, options?: RespondOptions) {
  const event = parseEvent('{"type":"interaction.requires_action","data":{"id":"v1_one"}}')
  const pending = await fetchResult(event, { client })
  if (pending.kind !== 'requires_action') throw new TypeError('no calls')
  return await pending.respond(RESULTS, {}, options)
}

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  test('a handler that is tried again gets the continuation of its first attempt', async () => {
    const { url, created } = await startApi(NEXT)
    const client = connect(url)
    for (const _ of [1, 2, 3]) expect(await attempt(client)).toMatchObject({ id: 'v1_two' })
    expect(created()).toBe(1)
  })

  const gone = () => new Response('<html>', { headers: { 'content-type': 'text/html' } })
  test.each<[string, Answers[string], object]>([
    ['500', refuse(500), { apiStatus: 500 }],
    ['503', refuse(503), { apiStatus: 503 }],
    ['a page', gone, {}],
    ['no id', {}, {}],
  ])('after %s it is not sent again, and is an error until the caller decides', async (_, answer, seen) => {
    const { url, created } = await startApi(answer, NEXT)
    const client = connect(url)
    await expect(attempt(client)).rejects.toMatchObject({ code: 'api_failed', ...seen })
    const second = attempt(client)
    await expect(second).rejects.toMatchObject({ code: 'continuation_unknown' })
    await expect(second).rejects.toBeInstanceOf(PermanentError)
    expect(created()).toBe(1)
    expect(await attempt(client, { ifUnknown: 'repeat' })).toMatchObject({ id: 'v1_two' })
    expect(await attempt(client, { ifUnknown: 'repeat' })).toMatchObject({ id: 'v1_two' })
    expect(created()).toBe(2)
  })

  test.each([400, 403, 429])(
    'after a %i, which says that nothing was created, it is sent again',
    async (status) => {
      const { url, created } = await startApi(refuse(status), NEXT)
      const client = connect(url)
      await expect(attempt(client)).rejects.toMatchObject({ code: 'api_failed', apiStatus: status })
      expect(await attempt(client)).toMatchObject({ id: 'v1_two' })
      expect(created()).toBe(2)
    },
  )
})

test('with a memory, another process gets the continuation too', async () => {
  const { url, created } = await startApi(NEXT)
  const memory = new Map<string, string>()
  for (const _ of [1, 2]) expect(await attempt(connect3(url), { memory })).toMatchObject({ id: 'v1_two' })
  expect(created()).toBe(1)
  expect([...memory]).toEqual([['gwh:continuation:v1_one', 'v1_two']])
})

test('a handler and code that waits, in two processes that share a SQLite ledger, continue it once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-respond-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { url, created } = await startApi(NEXT)
  /** One process: a client, a connection of its own to the ledger, and its jobs. */
  const start = () => {
    const client = connect3(url)
    const receiver = createReceiver({ dynamic: { allowAnyJob: true }, observer: () => {} })
    const ledger = createSqliteLedger({ path: join(folder, 'jobs.db') })
    const jobs = createJobs({ client, receiver, ledger, pollMs: 20 })
    onTestFinished(async () => {
      await jobs.close()
      await ledger.close?.()
    })
    return { client, jobs, receiver }
  }
  const [server, script] = [start(), start()]
  const waited = script.jobs.done('v1_one').then((pending) => {
    if (pending.kind !== 'requires_action') throw new TypeError('no calls')
    return pending.respond(RESULTS)
  })
  const handled = new Promise<unknown>((resolve) => {
    server.receiver.on('interaction.requires_action', () => resolve(attempt(server.client)))
  })
  const event = { type: 'interaction.requires_action', data: { id: 'v1_one' } }
  await server.receiver.emit(event, { id: 'one' })
  expect(await Promise.all([handled, waited])).toMatchObject([{ id: 'v1_two' }, { id: 'v1_two' }])
  expect(created()).toBe(1)
  // A process that starts later, without jobs.
  const ledger = createSqliteLedger({ path: join(folder, 'jobs.db') })
  onTestFinished(() => ledger.close?.())
  const memory = createContinuationMemory({ ledger })
  expect(await attempt(connect3(url), { memory })).toMatchObject({ id: 'v1_two' })
  expect(created()).toBe(1)
})

async function createRedis() {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  const client = await createClient({ url: server.url }).connect()
  onTestFinished(() => client.destroy())
  return createRedisLedger({ client, commandTimeoutMs: 20_000 })
}

test('the ledger of the jobs that were created last is used, until they are closed', async () => {
  const { url, created } = await startApi(NEXT)
  const client = connect3(url)
  const start = () => {
    const receiver = createReceiver({ dynamic: { allowAnyJob: true }, observer: () => {} })
    const ledger = createMemoryLedger()
    return { ledger, jobs: createJobs({ client, receiver, ledger }) }
  }
  const [first, last] = [start(), start()]
  const read = ({ ledger }: typeof first) =>
    createContinuationMemory({ ledger }).get('gwh:continuation:v1_one')
  await attempt(client)
  expect([await read(first), await read(last)]).toEqual([undefined, 'v1_two'])
  await last.jobs.close()
  await attempt(client)
  expect([await read(first), created()]).toEqual(['v1_two', 2])
  await first.jobs.close()
})

test.each([
  ['in memory', () => createMemoryLedger()],
  ['SQLite', () => createSqliteLedger({ path: ':memory:' })],
  ['Redis', () => createRedis()],
])('a memory in a ledger, %s, lets attempts at the same moment take turns', async (_, create) => {
  const { url, created } = await startApi(NEXT)
  const ledger = await create()
  onTestFinished(() => ledger.close?.())
  const attempts = [1, 2, 3, 4].map(() =>
    attempt(connect3(url), { memory: createContinuationMemory({ ledger }) }),
  )
  for (const made of await Promise.all(attempts)) expect(made).toMatchObject({ id: 'v1_two' })
  expect(created()).toBe(1)
})

test('a process that is killed before the answer leaves a mark, so that the next one does not continue twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-respond-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'continuations.json')
  writeFileSync(path, '{}')
  let kill = () => {}
  const { url, created } = await startApi(() => {
    kill()
    return Response.json(NEXT)
  })
  const first = startChild('children/respond.ts', url, path)
  kill = () => first.process.kill('SIGKILL')
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' })
  const second = startChild('children/respond.ts', url, path)
  const lines: string[] = []
  second.onLine((line) => lines.push(line))
  expect(await second.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect(lines).toEqual(['continuation_unknown'])
  expect(created()).toBe(1)
})

test('calls at the same time send one request', async () => {
  const { url, created } = await startApi(NEXT)
  const client = connect3(url)
  const made = await Promise.all([attempt(client), attempt(client), attempt(client)])
  expect(made.map(({ id }) => id)).toEqual(['v1_two', 'v1_two', 'v1_two'])
  expect(created()).toBe(1)
})

test('a memory that fails before the request fails the call; one that fails after it does not', async () => {
  const { url, created } = await startApi(NEXT)
  let writes = 0
  const failing = (at: number): ContinuationMemory => ({
    get: () => undefined,
    set() {
      if (++writes === at) throw new TypeError('the memory is down')
    },
  })
  await expect(attempt(connect3(url), { memory: failing(1) })).rejects.toThrow('the memory is down')
  expect(created()).toBe(0)
  writes = 0
  expect(await attempt(connect3(url), { memory: failing(2) })).toMatchObject({ id: 'v1_two' })
})

test('an API that cannot be reached has continued nothing', async () => {
  const { url, created } = await startApi(NEXT)
  const client = connect3(url)
  const event = parseEvent('{"type":"interaction.requires_action","data":{"id":"v1_one"}}')
  const memory = new Map<string, string>()
  const { batches, operations, interactions } = client
  const unreachable = connect3(`http://127.0.0.1:${await freePort()}`).interactions
  const cut = {
    batches,
    operations,
    interactions: {
      get: (id: string) => interactions.get(id),
      create: (...args: Parameters<typeof unreachable.create>) => unreachable.create(...args),
    },
  }
  const pending = await fetchResult(event, { client: cut as unknown as typeof client })
  if (pending.kind !== 'requires_action') throw new TypeError('no calls')
  await expect(pending.respond(RESULTS, {}, { memory })).rejects.toThrow()
  expect(await attempt(client, { memory })).toMatchObject({ id: 'v1_two' })
  expect(created()).toBe(1)
})
