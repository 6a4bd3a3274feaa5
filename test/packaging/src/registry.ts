import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runServer } from 'verdaccio'
import { run } from './run.ts'

/** A package registry that the tests publish to. */
export interface Registry {
  url: string
  close(): Promise<void>
}

/**
 * Starts a registry that holds `@gwh/*` and fetches every other package from the registry this machine installs from.
 *
 * @param folder Where it stores what is published
 */
export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(folder, { recursive: true })
  const server: Server = await runServer({
    self_path: join(folder, 'config.yaml'),
    storage: join(folder, 'storage'),
    uplinks: {
      upstream: { url: await upstreamRegistry(folder), max_fails: 100, fail_timeout: '1s', timeout: '60s' },
    },
    packages: {
      '@gwh/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'upstream' },
    },
    auth: {},
    max_body_size: '20mb',
    log: { type: 'stdout', format: 'pretty', level: 'fatal' },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * The registry this machine installs from: the one named by the npm that started us, or by the npm on the path.
 *
 * Below the toolchain's Node, npm does not see the machine's global configuration, which it looks for beside the Node that
 * runs it. The npm that started us has seen it, and names the registry in the environment.
 */
export async function upstreamRegistry(cwd: string): Promise<string> {
  const named = process.env.npm_config_registry
  if (named) return named
  const { stdout } = await run('npm', ['config', 'get', 'registry'], { cwd })
  return stdout.trim()
}
