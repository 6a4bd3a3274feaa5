import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GoogleGenAI } from '@google/genai'
import { createEmulator } from '@gwh/emulator'
import { freePort } from '@gwh/testing'
import { expect, test } from 'vitest'
import { createBatch } from '../src/jobs.ts'
import { end, startReceiver } from '../src/receiver-process.ts'
import type { Effect } from '../src/report.ts'

const JOBS = 60
const KILL_AT_ACKS = [5, 15, 30, 45]
const CONCURRENCY = 8

test('a receiver killed in the middle of deliveries and started again loses no acknowledged event', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-kill-'))
  const results = join(folder, 'results.ndjson')
  const acked = new Set<string>()
  let kills = 0
  let receiver: ChildProcess | undefined
  const killAt = [...KILL_AT_ACKS]
  const allAcked = Promise.withResolvers<void>()
  const emulator = createEmulator({
    jobs: { batchMs: 300 },
    retry: { scheduleMs: Array.from({ length: 100 }, (_, index) => index * 250) },
    observer(signal) {
      if (signal.type !== 'delivery_acked') return
      acked.add(signal.jobId ?? '')
      if (acked.size === JOBS) allAcked.resolve()
      if (acked.size < (killAt[0] ?? Number.POSITIVE_INFINITY)) return
      killAt.shift()
      kills++
      // At once, whatever the process is doing.
      receiver?.kill('SIGKILL')
    },
  })
  const { url: baseUrl } = await emulator.listen({ port: 0 })
  const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}/webhooks/gemini`
  const webhook = await client.webhooks.create({ name: 'kill', uri, subscribed_events: ['batch.succeeded'] })
  const env = {
    GOOGLE_GEMINI_BASE_URL: baseUrl,
    GEMINI_API_KEY: 'test',
    GEMINI_WEBHOOK_SECRET: webhook.new_signing_secret ?? '',
    GWH_JOB_KEY: crypto.randomUUID(),
    DATABASE: join(folder, 'deliveries.db'),
    RESULTS: results,
    PORT: String(port),
  }
  const handled = new Set<string>()
  const allHandled = Promise.withResolvers<void>()
  const start = async () => {
    receiver = await startReceiver(env, (report) => {
      if (report.type !== 'handled') return
      handled.add(report.id)
      if (readEffects(results).size === JOBS) allHandled.resolve()
    })
    receiver.once('exit', (_, signal) => signal === 'SIGKILL' && start())
  }

  await start()
  const jobs = await Promise.all(
    Array.from({ length: JOBS }, (_, index) => createBatch(client, [`job ${index}`])),
  )
  await allAcked.promise
  await allHandled.promise

  const effects = readEffects(results)
  const extra = [...effects.values()].reduce((sum, count) => sum + count - 1, 0)
  expect(kills).toBe(KILL_AT_ACKS.length)
  expect(jobs.filter((job) => acked.has(job) && !effects.has(job))).toEqual([])
  expect(extra).toBeLessThanOrEqual(kills * CONCURRENCY)

  await end(receiver!)
  await emulator.close()
  rmSync(folder, { recursive: true })
})

/** How often each job had its effect. */
function readEffects(path: string): Map<string, number> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').filter(Boolean) : []
  const jobs = lines.map((line) => (JSON.parse(line) as Effect).job)
  return new Map([...new Set(jobs)].map((job) => [job, jobs.filter((other) => other === job).length]))
}
