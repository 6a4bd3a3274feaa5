// Everything a fresh machine with git, Node and npm needs before a command can run. Works on Node 20, which has
// not got the toolchain's Node 24 yet.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const env = {
  ...process.env,
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  npm_config_update_notifier: 'false',
}

/**
 * Runs the pinned pnpm; resolves to its exit code. `quiet` shows its output only if it fails; `onOutput` hears
 * what it prints.
 */
export function pnpm(args, { quiet = false, ...options } = {}) {
  return run('npx', ['--yes', packageManager, ...args], { quiet, ...options })
}

/** Installs and builds, saying how long each took. Exits the process if either fails. */
export async function setup() {
  await step('Installing packages', ['install', '--frozen-lockfile'])
  await step('Building', ['run', 'build'])
}

async function step(title, args) {
  const startedAt = performance.now()
  process.stdout.write(`${title} … `)
  const code = await pnpm(args, { quiet: true })
  if (code !== 0) {
    console.error(`\n${title} failed.`)
    process.exit(code)
  }
  console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}

function run(command, args, { quiet, onOutput, env: extra }) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['inherit', onOutput ? 'pipe' : 'inherit', 'inherit']
  const child = spawn(command, args, { cwd: root, env: { ...env, ...extra }, stdio })
  const output = []
  child.stdout?.on('data', (chunk) => {
    if (quiet) output.push(chunk)
    else process.stdout.write(chunk)
    onOutput?.(String(chunk))
  })
  child.stderr?.on('data', (chunk) => output.push(chunk))
  // Ctrl-C reaches the child too; it decides how to end, and this process reports it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(127)
    })
    child.on('close', (code, signal) => {
      if (quiet && code !== 0) process.stderr.write(Buffer.concat(output))
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}
