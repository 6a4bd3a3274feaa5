import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gwh/testing'
import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { afterAll, beforeAll } from 'vitest'
import { type Google, startGoogle } from './google.ts'
import { type AppProcess, startProcess } from './process.ts'

/** What differs between sample apps. */
export interface SampleOptions {
  /** The folder of its package. */
  folder: URL
  /** Where it receives webhooks. Default `/webhooks/gemini`. */
  path?: string
  /** The line it prints when it is up. Default: `listening on …`. */
  listening?: RegExp
  /** Its exit code on SIGTERM. Default 0. */
  exitCode?: number
  /** Whether it needs a Redis. Default: no. */
  redis?: boolean
  /** More environment variables for it and for its build, once Google's side is up. */
  env?: (google: Google) => Record<string, string>
}

const READY_TIMEOUT_MS = 180_000

/** A sample app, started by its own start script. */
export interface Sample {
  readonly folder: string
  /** The app's address, without a path. */
  readonly origin: string
  /** Where it receives webhooks. */
  readonly uri: string
  /** The signing secret it was given. */
  readonly secret: string
  /** The file of its queue. */
  readonly database: string
  readonly app: AppProcess
  readonly google: Google
  /** Starts the app once more, with the same secret and Redis, but another port and database. */
  startAnother(): Promise<{ origin: string; uri: string; app: AppProcess }>
}

/** Starts a sample app, Google's side and what else it needs for all tests of the file; call the result to use it. */
export function useSample(options: SampleOptions): () => Sample {
  const { path = '/webhooks/gemini', listening = /^listening on http:/ } = options
  const folder = fileURLToPath(options.folder)
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const temporary = mkdtempSync(join(tmpdir(), 'gwh-sample-'))
  const apps: AppProcess[] = []
  let google: Google
  let redis: RedisServer | undefined
  let sample: Sample

  const databaseOf = (port: number) => join(temporary, `${port}.db`)
  const start = async (port: number, secret: string) => {
    const app = startProcess(scripts.start, folder, {
      GEMINI_WEBHOOK_SECRET: secret,
      PORT: String(port),
      DATABASE: databaseOf(port),
      ...(redis && { REDIS_URL: redis.url }),
      ...options.env?.(google),
    })
    apps.push(app)
    await app.line(listening)
    return app
  }
  const addressOf = (port: number) => {
    const origin = `http://127.0.0.1:${port}`
    return { origin, uri: `${origin}${path}` }
  }

  beforeAll(async () => {
    google = await startGoogle()
    if (options.redis) redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always')
    if (scripts.prestart) await complete(startProcess(scripts.prestart, folder, { ...options.env?.(google) }))
    const port = await freePort()
    const { origin, uri } = addressOf(port)
    const secret = await google.register(uri)
    const app = await start(port, secret)
    const startAnother = async () => {
      const another = await freePort()
      return { ...addressOf(another), app: await start(another, secret) }
    }
    sample = { folder, origin, uri, secret, database: databaseOf(port), app, google, startAnother }
  }, READY_TIMEOUT_MS)
  afterAll(async () => {
    // An app that does not stop fails the test of that, and must not keep running.
    await Promise.all(apps.map((app) => app.kill()))
    await google.close()
    await redis?.stop()
    rmSync(temporary, { recursive: true })
  })
  return () => sample
}

/** Waits for a program that exits by itself, with code 0. */
async function complete({ end, lines }: AppProcess): Promise<void> {
  if ((await end) !== 0) throw new Error(lines.join('\n'))
}
