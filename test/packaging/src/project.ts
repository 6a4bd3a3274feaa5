import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Finished, type RunOptions, run } from './run.ts'

const bin = (path: string) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url))

/** The programs of the toolchain people install and run with; `npm` and `npx` are the machine's own. */
export const programs = {
  // The oldest version that the packages declare.
  node22: bin('node22/bin/node'),
  node24: process.execPath,
  bun: bin('.bin/bun'),
  // Deno itself: its entry in `.bin` is a script that keeps signals to itself, and would leave Deno behind.
  deno: bin('deno/deno'),
  tsc: bin('.bin/tsc'),
} as const

/** A project outside this repository, like a user's. */
export interface Project {
  folder: string
  write(files: Record<string, string>): void
  run(command: string, args: readonly string[], options?: Partial<RunOptions>): Promise<Finished>
}

/** Creates a project that installs from the given registry, with caches in the folder above its own. */
export function createProject(folder: string, registryUrl: string, manifest: object = {}): Project {
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
  }
  write({
    'package.json': JSON.stringify({ name: 'somebody', private: true, ...manifest }),
    '.npmrc': `registry=${registryUrl}\nfund=false\naudit=false\n`,
  })
  // Packages cached by an earlier run must not replace those this run published.
  const caches = {
    npm_config_cache: join(folder, '../caches/npm'),
    BUN_INSTALL_CACHE_DIR: join(folder, '../caches/bun'),
    DENO_DIR: join(folder, '../caches/deno'),
    DENO_NO_UPDATE_CHECK: '1',
  }
  return {
    folder,
    write,
    run: (command, args, options) =>
      run(command, args, { cwd: folder, ...options, env: { ...caches, ...options?.env } }),
  }
}
