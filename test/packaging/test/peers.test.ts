import { join } from 'node:path'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createProject, type Project, programs } from '../src/project.ts'

let redis: Awaited<ReturnType<typeof startRedisServer>>

beforeAll(async () => {
  redis = await startRedisServer('--appendonly', 'yes')
})

afterAll(() => redis.stop())

/** The output of a program in a project with these packages. */
async function printed(name: string, packages: readonly string[], program: string): Promise<string> {
  const project: Project = createProject(join(inject('work'), name), inject('registryUrl'), {
    type: 'module',
  })
  await project.run('npm', ['install', ...packages])
  project.write({ 'program.ts': program })
  const { stdout } = await project.run(programs.node24, ['program.ts'])
  return stdout.trim()
}

const CLAIMS = `
  const store = createRedisStore({ client, prefix: 'peers' })
  const deadlines = { leaseUntil: Date.now() + 60_000, expiresAt: Date.now() + 90_000_000 }
  const first = await store.claim('key', deadlines)
  const second = await store.claim('key', deadlines)
  console.log(first.status, second.status)`

test.each(['2.18.0', '2', '3'])('the emulator serves @google/genai %s', async (version) => {
  const out = await printed(
    `genai-${version}`,
    ['@gwh/emulator', `@google/genai@${version}`],
    `import { createEmulator } from '@gwh/emulator'
     import { GoogleGenAI } from '@google/genai'
     const emulator = createEmulator()
     const { url } = await emulator.listen({ port: 0 })
     const ai = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url } })
     const batch = await ai.batches.create({
       model: 'gemini-3.8-flash', src: [{ contents: [{ parts: [{ text: 'one' }] }] }],
       config: { webhookConfig: { uris: ['http://127.0.0.1:9/hook'], userMetadata: { a: 1 } } },
     })
     console.log(batch.state)
     await emulator.close()`,
  )
  expect(out).toBe('JOB_STATE_PENDING')
})

test.each(['2.18.0', '2', '3'])('a job of @google/genai %s is awaited by its webhook', async (version) => {
  const out = await printed(
    `jobs-${version}`,
    ['@gwh/core', '@gwh/emulator', '@gwh/genai', '@gwh/node', `@google/genai@${version}`],
    `import { createReceiver } from '@gwh/core'
     import { createEmulator } from '@gwh/emulator'
     import { createJobs, createWebhookConfig } from '@gwh/genai'
     import { serve } from '@gwh/node'
     import { GoogleGenAI } from '@google/genai'
     const emulator = createEmulator({ jobs: { batchMs: 50 } })
     const { url } = await emulator.listen({ port: 0 })
     const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url } })
     const jobKey = 'a job key of more than thirty-two characters'
     const receiver = createReceiver({ dynamic: { jobKey, jwks: url + '/.well-known/jwks.json' } })
     const jobs = createJobs({ client, receiver })
     const server = await serve(receiver, { port: 0, hostname: '127.0.0.1' })
     const webhookConfig = await createWebhookConfig({ uris: [server.url], jobKey })
     const src = [{ contents: [{ parts: [{ text: 'one' }] }], metadata: { key: 'k1' } }]
     const job = await jobs.track(client.batches.create({ model: 'm', src, config: { webhookConfig } }))
     for await (const row of await jobs.done(job)) console.log(row.key, row.response !== undefined)
     await jobs.close()
     await server.close()
     await emulator.close()`,
  )
  expect(out.split('\n').at(-1)).toBe('k1 true')
})

test.each(['6.0.0', '6'])('the Redis store accepts a client of node-redis %s', async (version) => {
  const out = await printed(
    `redis-${version}`,
    ['@gwh/store-redis', `redis@${version}`],
    `import { createClient } from 'redis'
     import { createRedisStore } from '@gwh/store-redis'
     const client = await createClient({ url: '${redis.url}' }).connect()
     await client.flushAll()
     ${CLAIMS}
     await client.close()`,
  )
  expect(out).toBe('claimed in_progress')
})

test.each(['6.0.0', '6'])('the Redis store accepts a client of ioredis %s', async (version) => {
  const out = await printed(
    `ioredis-${version}`,
    ['@gwh/store-redis', `ioredis@${version}`],
    `import { Redis } from 'ioredis'
     import { createRedisStore } from '@gwh/store-redis'
     const client = new Redis('${redis.url}')
     await client.flushall()
     ${CLAIMS}
     client.disconnect()`,
  )
  expect(out).toBe('claimed in_progress')
})

test.each(['6.7.0', '6'])('the BullMQ queue runs on bullmq %s', async (version) => {
  const out = await printed(
    `bullmq-${version}`,
    ['@gwh/bullmq', '@gwh/testing', `bullmq@${version}`],
    `import { createBullmqQueue } from '@gwh/bullmq'
     import { queuedDelivery } from '@gwh/testing'
     const queue = createBullmqQueue({ connection: '${redis.url}', name: 'peers-${version.replaceAll('.', '-')}' })
     const message = queuedDelivery()
     console.log(await queue.enqueue(message), await queue.enqueue(message))
     await queue.close()`,
  )
  expect(out).toBe('enqueued duplicate')
})
