import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { startProcess } from '@gwh-test/support/process'
import type { App } from './apps.ts'

/** A sample app in a process of its own. */
export interface RunningApp {
  url: string
  secret: string
  stop(): Promise<void>
}

/** Starts a sample app by its start script, with a secret, a database and a Redis of its own. */
export async function startApp({ folder: name, path, listening, redis, env }: App): Promise<RunningApp> {
  const folder = fileURLToPath(new URL(`../../../apps/${name}`, import.meta.url))
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const temporary = mkdtempSync(join(tmpdir(), 'gwh-app-'))
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  if (scripts.prestart) await startProcess(scripts.prestart, folder, { ...env }).end
  const server = redis ? await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always') : undefined
  const port = await freePort()
  const app = startProcess(scripts.start, folder, {
    GEMINI_WEBHOOK_SECRET: secret,
    PORT: String(port),
    DATABASE: join(temporary, 'deliveries.db'),
    ...(server && { REDIS_URL: server.url }),
    ...env,
  })
  await app.line(listening)
  return {
    url: `http://127.0.0.1:${port}${path}`,
    secret,
    async stop() {
      await app.kill()
      await server?.stop()
      rmSync(temporary, { recursive: true })
    },
  }
}
