// What a fresh machine with git, Node and npm needs before a command can run. Works on Node 20, before the toolchain's
// Node 24 is installed.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** Runs the pinned pnpm with the npm that is on the machine; resolves to its exit code. */
export function pnpm(args, options = {}) {
  return run('npx', ['--yes', packageManager, ...args], options)
}

/** Runs a program of the installed toolchain; resolves to its exit code. */
export function tool(name, args, options = {}) {
  return run(fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url)), args, options)
}

/** Installs and builds every package. Exits the process if either fails. */
export async function setup() {
  await step('Installing packages', () => pnpm(['install', '--frozen-lockfile'], { quiet: true }))
  await step('Building', () => pnpm(['run', 'build'], { quiet: true }))
}

/** Whether the whole toolchain is installed, and not only what the demo needs. */
export function hasToolchain() {
  return existsSync(`${root}/node_modules/turbo`)
}

/**
 * Runs one step and prints how long it took. Exits the process if it fails.
 *
 * @param work Resolves to an exit code
 */
export async function step(title, work) {
  const startedAt = performance.now()
  process.stdout.write(`${title} … `)
  const code = await work()
  if (code !== 0) {
    console.error(`\n${title} failed.`)
    process.exit(code)
  }
  console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}
