import type { AdapterException } from '@gwh/testing'
import type { Runtime } from '@gwh-test/support/runtimes'
import { BUN_APP, CLOUD_RUN_APP } from './exceptions-apps.ts'
import { SERVERS, type Server } from './matrix.ts'

/** A sample app, started by its start script, as its users do. */
export interface App {
  /** Its folder in `apps/`. */
  folder: string
  /** The server of the matrix that it is built on, whose exceptions apply to it too. */
  server: Server
  on: Runtime
  /** Its handlers run before the answer. */
  mode: 'inline' | 'queue'
  path: string
  /** What it prints once it is up. */
  listening: RegExp
  redis?: boolean
  env?: Record<string, string>
  /** Its exceptions beyond those of its server. */
  exceptions?: readonly AdapterException[]
}

type Particulars = Partial<App> & Pick<App, 'folder'>

const app = (file: string, particulars: Particulars): App => ({
  server: SERVERS.find((server) => server.file === file)!,
  on: 'Node 24',
  mode: 'queue',
  path: '/webhooks/gemini',
  listening: /^listening on http:/,
  ...particulars,
})

/** To add an app: one row here. */
export const APPS: readonly App[] = [
  app('node-serve.ts', { folder: 'node-http' }),
  app('express.ts', { folder: 'express' }),
  app('fastify.ts', { folder: 'fastify', redis: true }),
  app('hono-fetch.ts', {
    folder: 'hono',
    mode: 'inline',
    redis: true,
    // No keys are fetched from there: the contract signs with the secret.
    env: { GWH_JOB_KEY: 'x'.repeat(32), GWH_JWKS_URL: 'http://127.0.0.1:9/keys' },
  }),
  app('functions-framework.ts', {
    folder: 'cloud-run',
    mode: 'inline',
    path: '/',
    listening: /^URL: http:/,
    redis: true,
    exceptions: CLOUD_RUN_APP,
  }),
  app('bun-serve.ts', { folder: 'bun', on: 'Bun', exceptions: BUN_APP }),
  app('deno-serve.ts', { folder: 'deno', on: 'Deno', env: { DENO_NO_UPDATE_CHECK: '1' } }),
  app('next-app-router.ts', {
    folder: 'next',
    listening: /Ready in/,
    env: { NEXT_TELEMETRY_DISABLED: '1', CRON_SECRET: 'nobody' },
  }),
]
