// Installs the dependencies of some projects, without those for development and tests.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hasToolchain, pnpm, step } from './setup.mjs'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const stamp = at('node_modules/.gwh-demo')

/**
 * Installs what the projects need to run, unless that was done for this lockfile already. Where everything is
 * installed, everything is brought up to date: an install for the demo alone would remove the rest.
 *
 * @param projects Their folders in the repository
 */
export async function ensureInstalled(projects) {
  const lockfile = createHash('sha256')
    .update(readFileSync(at('pnpm-lock.yaml')))
    .digest('hex')
  const folders = [...projects.map((project) => `${project}/node_modules`), 'node_modules/.bin/node']
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile
  if (current && folders.every((folder) => existsSync(at(folder)))) return
  const only = projects.flatMap((project) => ['--filter', `{./${project}}...`])
  const args = hasToolchain() ? ['install'] : ['install', '--prod', '--filter', '.', ...only]
  await step('Installing packages', () => pnpm([...args, '--frozen-lockfile'], { quiet: true }))
  writeFileSync(stamp, lockfile)
}
