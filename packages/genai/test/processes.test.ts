import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRedisLedger } from '@gwh/store-redis'
import { createSqliteLedger, createSqliteQueue } from '@gwh/store-sqlite'
import { startRedisServer } from '@gwh/testing/redis'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { childrenOf } from '../../../test/support/src/children.ts'
import { createJobs, createWebhookConfig } from '../src/index.ts'
import { JOB_KEY, MODEL, startEmulator, startReceiver } from './support.ts'

const startChild = childrenOf(import.meta.url)

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-genai-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'jobs.db')
}

/** Starts a process that awaits a job, and resolves when it waits. */
async function awaitJob(...args: string[]) {
  const child = startChild('children/await-job.ts', ...args)
  onTestFinished(() => void child.process.kill('SIGKILL'))
  const lines: string[] = []
  const { promise: waiting, resolve } = Promise.withResolvers<void>()
  child.onLine((line) => {
    if (line === 'waiting') resolve()
    else lines.push(line)
  })
  await Promise.race([waiting, child.ended])
  return { child, lines }
}

async function createBatch(emulated: Awaited<ReturnType<typeof startEmulator>>, uri: string) {
  const now = () => emulated.emulator.clock.now()
  const webhookConfig = await createWebhookConfig({ uris: [uri], jobKey: JOB_KEY, now })
  const src = [{ contents: [{ parts: [{ text: 'one' }] }], metadata: { key: 'k1' } }]
  const { name } = await emulated.client.batches.create({ model: MODEL, src, config: { webhookConfig } })
  return name!
}

test('a job is awaited in another process after the one that awaited it was killed', async () => {
  const emulated = await startEmulator()
  const { receiver, url } = await startReceiver(emulated)
  const path = temporaryFile()
  const ledger = createSqliteLedger({ path })
  onTestFinished(() => ledger.close?.())
  const jobs = createJobs({ client: emulated.client, receiver, ledger })
  onTestFinished(() => jobs.close())
  const name = await jobs.track(await createBatch(emulated, url))

  const first = await awaitJob(emulated.url, path, name)
  first.child.process.kill('SIGKILL')
  expect(await first.child.ended).toMatchObject({ signal: 'SIGKILL' })
  const second = await awaitJob(emulated.url, path, name)
  await emulated.emulator.clock.advance(60_000)
  expect(await second.child.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect(second.lines).toEqual(['row k1'])
})

test('a process that only awaits, and looks the job up, takes no late webhook away from the handlers of another', async () => {
  const emulated = await startEmulator()
  const path = temporaryFile()
  const { receiver, url } = await startReceiver(emulated, { queue: createSqliteQueue({ path }) })
  onTestFinished(() => receiver.close())
  const handled: string[] = []
  receiver.on('batch.succeeded', ({ id }) => void handled.push(id))
  receiver.work()
  const ledger = createSqliteLedger({ path })
  onTestFinished(() => ledger.close?.())
  const jobs = createJobs({ client: emulated.client, receiver, ledger })
  onTestFinished(() => jobs.close())
  emulated.emulator.scenarios.add({ then: { webhooks: { delayMs: 600_000 } } })
  const name = await createBatch(emulated, url)
  await emulated.emulator.clock.advance(60_000)

  const { child, lines } = await awaitJob(emulated.url, path, name)
  expect(await child.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect([lines, handled]).toEqual([['row k1'], []])
  await emulated.emulator.clock.advance(600_000)
  await expect.poll(() => handled, { timeout: 20_000 }).toEqual([name])
})

test('a job that ended while nobody awaited it is there after a restart, also through Redis', async () => {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  const redis = await createClient({ url: server.url }).connect()
  onTestFinished(() => redis.destroy())
  const emulated = await startEmulator()
  const { receiver, url } = await startReceiver(emulated)
  const open = () => createRedisLedger({ client: redis, commandTimeoutMs: 20_000 })
  const before = createJobs({ client: emulated.client, receiver, ledger: open() })
  const name = await before.track(await createBatch(emulated, url))
  await emulated.emulator.clock.advance(60_000)
  await before.close()
  const after = createJobs({ client: emulated.client, receiver, ledger: open() })
  onTestFinished(() => after.close())
  expect(await after.done(name)).toMatchObject({ kind: 'batch', job: name })
})

test('a process ends after close(), although jobs are awaited and the API does not answer', async () => {
  const child = startChild('children/close-jobs.ts')
  onTestFinished(() => void child.process.kill('SIGKILL'))
  const lines: string[] = []
  child.onLine((line) => lines.push(line))
  expect(await child.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect(lines).toEqual(['draining', 'draining', 'fulfilled'])
})
