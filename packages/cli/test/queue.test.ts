import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createBullmqQueue } from '@gwh/bullmq'
import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import type { DeliveryQueue, ProcessDelivery } from '@gwh/core/queue'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { FIXTURE_EVENTS, queuedDelivery } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh } from './support.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const RETAIN = { retainBodies: { forMs: 3_600_000 } }

const delivery = (id: string, type = 'batch.succeeded') =>
  queuedDelivery({
    id,
    key: `default:${id}`,
    body: Buffer.from(
      JSON.stringify({
        ...FIXTURE_EVENTS['batch.succeeded'],
        type,
        user_metadata: { [JOB_TOKEN_FIELD]: 'job-token-text', my_api_key: 'key-text', note: `a ${SECRET} b` },
      }),
    ),
  })

let redisUrl: string
let stopRedis: () => Promise<void>
beforeAll(async () => {
  const server = await startRedisServer('--appendonly', 'yes')
  redisUrl = server.url
  stopRedis = () => server.stop()
})
afterAll(() => stopRedis())

let made = 0
const BACKENDS = {
  sqlite: () => {
    const path = join(emptyFolder(), 'queue.db')
    return { queue: createSqliteQueue({ path, ...RETAIN }), args: ['--queue', path] }
  },
  bullmq: () => {
    const name = `cli${made++}`
    return {
      queue: createBullmqQueue({ connection: redisUrl, name, ...RETAIN }),
      args: ['--queue', redisUrl, '--name', name],
    }
  },
}

describe.each(Object.entries(BACKENDS))('gwh queue on %s', (_, create) => {
  /** A queue with a worker that fails for those whose id starts with `bad`, until it is mended. */
  async function setUp() {
    const { queue, args } = create()
    const state = { broken: true, handled: [] as string[] }
    const process: ProcessDelivery = async ({ id }, { replay }) => {
      if (state.broken && id.startsWith('bad')) throw new TypeError(`connect ECONNREFUSED for ${SECRET}`)
      state.handled.push(replay ? `${id} again` : id)
    }
    for (const [id, type] of [
      ['good', 'batch.succeeded'],
      ['bad1', 'batch.succeeded'],
      ['bad2', 'video.generated'],
    ] as const) {
      await queue.enqueue(delivery(id, type))
    }
    // It runs all the time, as in a receiver.
    const worker = queue.work(process, { maxAttempts: 1, pollMs: 20 })
    onTestFinished(async () => {
      await worker.stop()
      await queue.close()
    })
    await expect.poll(() => queue.stats(), { timeout: 10_000 }).toMatchObject({ dead: 2, done: 1 })
    const run = (...words: string[]) => gwh(emptyFolder(), ['queue', ...words, ...args])
    const json = async (...words: string[]) => {
      const { code, stdout, stderr } = await run(...words, '--json')
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
      return JSON.parse(stdout)
    }
    return { queue: queue as DeliveryQueue, args, state, run, json }
  }

  test('counts, lists and shows, with tokens and secrets masked', async () => {
    const { run, json } = await setUp()
    expect(await json('stats')).toMatchObject({ dead: 2, done: 1, pending: 0 })
    expect((await run('stats')).stdout).toMatch(/^dead +2$/m)
    const { stdout } = await run('list', '--state', 'dead')
    expect(stdout).toMatch(
      /bad2 +video.generated +attempts: TypeError: connect ECONNREFUSED for whsec_\.\.\.ZWY=/,
    )
    const listed = await json('list', '--type', 'video.generated')
    expect(listed).toMatchObject([{ id: 'bad2', state: 'dead', reason: 'attempts' }])
    const shown = await json('show', 'bad1')
    expect(shown).toMatchObject({
      key: 'default:bad1',
      attempts: 1,
      history: [{ attempt: 1 }],
      body: { user_metadata: { [JOB_TOKEN_FIELD]: '***', my_api_key: '***' } },
    })
    const exported = (await run('export')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
    expect(exported.sort()).toEqual(['bad1', 'bad2', 'good'])
    const all = [stdout, (await run('show', 'bad1')).stdout, (await run('export')).stdout].join()
    for (const secret of [SECRET, 'job-token-text', 'key-text']) expect(all).not.toContain(secret)
    expect(await run('show', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no delivery nobody'),
    })
  })

  test('exports with nothing masked into a new file, for its owner only', async () => {
    const { args } = await setUp()
    const cwd = emptyFolder()
    const path = join(cwd, 'raw.jsonl')
    const exporting = ['queue', 'export', ...args, '--raw-file', 'raw.jsonl']
    const { code, stdout, stderr } = await gwh(cwd, exporting)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('3 in raw'),
    })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
    const bad = rows.map((line) => JSON.parse(line)).find(({ id }) => id === 'bad1')
    expect(bad.body).toBe(Buffer.from(delivery('bad1').body).toString())
    expect(bad.lastError.message).toContain(SECRET)
    expect(await gwh(cwd, exporting)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('there already'),
    })
    expect(readdirSync(cwd)).toEqual(['raw.jsonl'])
  })

  test('redrives by id, by filter and all, under a worker that runs', async () => {
    const { queue, state, run, json } = await setUp()
    state.broken = false
    expect(await json('redrive', '--all', '--dry-run')).toMatchObject({ redriven: 2, dryRun: true })
    expect((await queue.stats()).dead).toBe(2)
    expect(await json('redrive', '--type', 'video.generated', '--error', 'ECONNREFUSED')).toMatchObject({
      ids: ['bad2'],
    })
    await expect.poll(() => state.handled).toContain('bad2')
    expect(state.handled).not.toContain('bad1')
    expect(await json('redrive', 'bad1')).toMatchObject({ redriven: 1 })
    await expect.poll(async () => (await queue.get('bad1'))?.state, { timeout: 10_000 }).toBe('done')
    expect(await run('redrive', 'bad1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no dead letter: it was handled[\s\S]+gwh queue replay bad1/),
    })
    expect(await json('redrive', '--all')).toMatchObject({ redriven: 0 })
  })

  test('purges dead letters by age', async () => {
    const { queue, json } = await setUp()
    expect(await json('purge', '--older-than', '1d')).toEqual({ purged: 0, dryRun: false })
    expect(await json('purge', '--all', '--dry-run')).toEqual({ purged: 2, dryRun: true })
    expect((await queue.stats()).dead).toBe(2)
    expect(await json('purge', '--all')).toEqual({ purged: 2, dryRun: false })
    expect((await queue.stats()).dead).toBe(0)
  })

  test('replays what was handled', async () => {
    const { queue, state, run, json } = await setUp()
    expect(await json('replay', '--type', 'batch.succeeded', '--dry-run')).toMatchObject({ ids: ['good'] })
    expect(await json('replay', '--all')).toMatchObject({ ids: ['good'] })
    await expect.poll(() => state.handled).toEqual(['good', 'good again'])
    expect(await run('replay', 'bad1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it is a dead letter[\s\S]+gwh queue redrive bad1/),
    })
    expect((await queue.get('bad1'))?.state).toBe('dead')
  })

  test('says of an id that is neither redriven nor replayed what the queue has of it', async () => {
    const { queue, args } = create()
    await queue.enqueue(delivery('new'))
    onTestFinished(() => queue.close())
    for (const verb of ['redrive', 'replay']) {
      const run = (id: string) => gwh(emptyFolder(), ['queue', verb, id, ...args])
      const waiting = {
        code: 1,
        stderr: expect.stringContaining('new is pending: it is still to be handled'),
      }
      expect(await run('new')).toMatchObject(waiting)
      const unknown = { code: 1, stderr: expect.stringContaining('the queue knows no delivery nobody') }
      expect(await run('nobody')).toMatchObject(unknown)
    }
  })
})

test('a file that is not there is not created', async () => {
  const path = join(emptyFolder(), 'none.db')
  expect(await gwh(emptyFolder(), ['queue', 'stats', '--queue', path])).toMatchObject({ code: 3, stdout: '' })
  expect(existsSync(path)).toBe(false)
})

test('without a name the queue is deliveries.db in this folder, which is named beside the result', async () => {
  const cwd = emptyFolder()
  const queue = createSqliteQueue({ path: join(cwd, 'deliveries.db') })
  await queue.enqueue(delivery('found'))
  await queue.close()
  const { code, stdout, stderr } = await gwh(cwd, ['queue', 'list', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'The queue is deliveries.db in this folder.\n' })
  expect(JSON.parse(stdout)).toMatchObject([{ id: 'found' }])
  const other = await gwh(cwd, ['queue', 'stats'], { GWH_QUEUE: 'other.db' })
  expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('other.db') })
})

test('looking for the queue creates nothing, and says how to name one', async () => {
  const cwd = emptyFolder()
  const { code, stderr } = await gwh(cwd, ['queue', 'stats'])
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('with --queue') })
  expect(stderr).toContain('no deliveries.db in this folder')
  expect(readdirSync(cwd)).toEqual([])
  mkdirSync(join(cwd, 'deliveries.db'))
  expect(await gwh(cwd, ['queue', 'stats'])).toMatchObject({ code: 3, stderr })
})

test.each([
  [['stats'], 3, 'there is no deliveries.db in this folder'],
  [['stats', '--queue', ''], 2, 'which queue?'],
  [['stats', '--name', 'mail'], 2, 'which queue?'],
  [['stats', '--queue', 'redis://user:hidden@127.0.0.1:9'], 4, 'Redis cannot be reached'],
  [['redrive', '--queue', 'x.db'], 2, 'say what to redrive'],
  [['redrive', 'id', '--all', '--queue', 'x.db'], 2, 'say what to redrive'],
  [['redrive', 'all', '--queue', 'x.db'], 2, 'write --all'],
  [['purge', '--queue', 'x.db'], 2, 'say which dead letters'],
  [['list', '--state', 'gone'], 2, 'Allowed choices are pending'],
  [['list', '--since', 'once'], 2, 'A time such as'],
])('queue explains the mistake: %j', async (args, code, message) => {
  const result = await gwh(emptyFolder(), ['queue', ...args])
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toContain(message)
  expect(result.stderr).not.toMatch(/^\s+at |hidden/m)
})

test('the type of a delivery whose body was erased is a dash, with the reason', async () => {
  const path = join(emptyFolder(), 'queue.db')
  const queue = createSqliteQueue({ path })
  await queue.enqueue(delivery('done'))
  await queue.drain(async () => {})
  await queue.close()
  const listed = await gwh(emptyFolder(), ['queue', 'list', '--queue', path])
  expect(listed.stdout).toMatch(/ done +1 +done +–\n$/)
  expect(listed.stderr).toContain('retainBodies')
  const shown = await gwh(emptyFolder(), ['queue', 'show', 'done', '--queue', path])
  expect(shown.stdout).toMatch(/^type +–$/m)
  expect(shown.stdout).toMatch(/^The body was erased.*retainBodies\.$/m)
  const replayed = await gwh(emptyFolder(), ['queue', 'replay', 'done', '--queue', path])
  expect(replayed).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/done cannot be replayed: its body was erased[\s\S]+retainBodies/),
  })
})

test('a reason that is too long for its column ends with an ellipsis', async () => {
  const path = join(emptyFolder(), 'queue.db')
  const queue = createSqliteQueue({ path })
  const words = 'word '.repeat(40)
  await queue.enqueue(delivery('long'))
  await queue.drain(() => Promise.reject(new TypeError(words)), { maxAttempts: 1 })
  await queue.close()
  const { stdout } = await gwh(emptyFolder(), ['queue', 'list', '--queue', path])
  const why = `attempts: TypeError: ${words}`.slice(0, 99)
  expect(stdout).toContain(` ${why}…\n`)
})
