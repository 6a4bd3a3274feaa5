import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunOptions, run } from './run.ts'

/** The repository this file is in. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The pinned package manager of the workspace. */
export const packageManager = String(readManifest(root).packageManager)

/** The published packages: their folders' names. */
export const packageFolders: string[] = readdirSync(join(root, 'packages'))

/** A package's name and whatever else its manifest says. */
export interface Manifest {
  name: string
  version: string
  [field: string]: unknown
}

/** Reads a package.json. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/**
 * Copies the repository and what is built, commits the copy to a git history of its own, and installs it.
 *
 * @param installFrom The registry to install from
 */
export async function copyRepository(to: string, installFrom: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    cpSync(join(root, file), join(to, file))
  }
  for (const name of packageFolders) {
    cpSync(join(root, 'packages', name, 'dist'), join(to, 'packages', name, 'dist'), { recursive: true })
  }
  await git(to, 'init', '--quiet', '--initial-branch', 'main')
  await commitAll(to, 'as it stands')
  await pnpm(to, ['install', '--frozen-lockfile', '--prefer-offline'], {
    env: { npm_config_registry: installFrom },
  })
}

/** Commits everything in a copy. */
export async function commitAll(copy: string, message: string): Promise<void> {
  await git(copy, 'add', '--all')
  await git(copy, 'commit', '--quiet', '--message', message)
}

/** Runs git in a copy, with a neutral identity. */
export function git(cwd: string, ...args: string[]) {
  const identity = ['-c', 'user.name=packaging', '-c', 'user.email=packaging@example.com']
  return run('git', [...identity, '-c', 'commit.gpgsign=false', ...args], { cwd })
}

/**
 * Runs the pinned pnpm in a copy of the repository.
 *
 * @param options.env More environment variables. Default: the registry of the npm that started us, if it named one
 */
export function pnpm(cwd: string, args: readonly string[], options: Partial<RunOptions> = {}) {
  const named = process.env.npm_config_registry
  const env = { ...(named && { npm_config_registry: named }), ...options.env }
  return run('npx', ['--yes', packageManager, ...args], { ...options, cwd, env })
}

/** Versions a copy and publishes it to a registry, as the release workflow does. */
export async function release(copy: string, registryUrl: string): Promise<void> {
  await pnpm(copy, ['version-packages'])
  await commitAll(copy, 'version')
  // npm requires a token even where anyone may publish.
  const token = `//${new URL(registryUrl).host}/:_authToken=anybody\n`
  writeFileSync(join(copy, '.npmrc'), `registry=${registryUrl}\n${token}`)
  await pnpm(copy, ['release'], { env: { npm_config_registry: registryUrl } })
}
