import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRedisLedger } from '@gwh/store-redis'
import { createSqliteLedger } from '@gwh/store-sqlite'
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

async function trackBatch(
  emulated: Awaited<ReturnType<typeof startEmulator>>,
  jobs: ReturnType<typeof createJobs>,
  uri: string,
) {
  const now = () => emulated.emulator.clock.now()
  const webhookConfig = await createWebhookConfig({ uris: [uri], jobKey: JOB_KEY, now })
  const src = [{ contents: [{ parts: [{ text: 'one' }] }], metadata: { key: 'k1' } }]
  return await jobs.track(emulated.client.batches.create({ model: MODEL, src, config: { webhookConfig } }))
}

test('a job is awaited in another process after the one that awaited it was killed', async () => {
  const emulated = await startEmulator()
  const { receiver, url } = await startReceiver(emulated)
  const path = temporaryFile()
  const ledger = createSqliteLedger({ path })
  onTestFinished(() => ledger.close?.())
  const jobs = createJobs({ client: emulated.client, receiver, ledger })
  onTestFinished(() => jobs.close())
  const batch = await trackBatch(emulated, jobs, url)

  const first = await awaitJob(emulated.url, path, batch.name!)
  first.child.process.kill('SIGKILL')
  expect(await first.child.ended).toMatchObject({ signal: 'SIGKILL' })
  const second = await awaitJob(emulated.url, path, batch.name!)
  await emulated.emulator.clock.advance(60_000)
  expect(await second.child.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect(second.lines).toEqual(['row k1'])
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
  const batch = await trackBatch(emulated, before, url)
  await emulated.emulator.clock.advance(60_000)
  await before.close()
  const after = createJobs({ client: emulated.client, receiver, ledger: open() })
  onTestFinished(() => after.close())
  expect(await after.done(batch)).toMatchObject({ kind: 'batch', job: batch.name })
})
