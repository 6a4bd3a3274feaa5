import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../shared/cli-error.ts'
import { type Fields, toFields } from '../shared/fields.ts'
import type { Framework } from './templates.ts'

/** What a folder says about the project in it. */
export interface Project {
  readonly framework: Framework
  readonly isTypeScript: boolean
  /** The names of its dependencies. */
  readonly dependencies: readonly string[]
  /** Installs packages; their names follow. */
  readonly install: string
}

// The more particular ones first: a Next.js project may have Express too.
const BY_DEPENDENCY: readonly Framework[] = ['next', 'fastify', 'express', 'hono']

/** Looks at package.json, lock files and configurations. */
export async function detectProject(cwd: string): Promise<Project> {
  const { dependencies, devDependencies } = await readPackageJson(cwd)
  const names = Object.keys({ ...toFields(dependencies), ...toFields(devDependencies) })
  const has = (...files: string[]) => files.some((file) => existsSync(join(cwd, file)))
  const isDeno = has('deno.json', 'deno.jsonc', 'deno.lock')
  const isBun = has('bun.lock', 'bun.lockb', 'bunfig.toml') || names.includes('@types/bun')
  const runtime = isDeno ? 'deno' : isBun ? 'bun' : 'node'
  return {
    framework: BY_DEPENDENCY.find((name) => names.includes(name)) ?? runtime,
    isTypeScript: runtime !== 'node' || has('tsconfig.json') || names.includes('typescript'),
    dependencies: names,
    install: toInstall(has, isDeno, isBun),
  }
}

async function readPackageJson(cwd: string): Promise<Fields> {
  const text = await readFile(join(cwd, 'package.json'), 'utf8').catch(() => '{}')
  try {
    // Editors on Windows begin a file with a byte order mark.
    return toFields(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch (cause) {
    throw new CliError('config', 'package.json is not JSON', { cause })
  }
}

function toInstall(has: (...files: string[]) => boolean, isDeno: boolean, isBun: boolean): string {
  if (has('pnpm-lock.yaml')) return 'pnpm add'
  if (has('yarn.lock')) return 'yarn add'
  if (isBun) return 'bun add'
  return isDeno ? 'deno add' : 'npm install'
}
