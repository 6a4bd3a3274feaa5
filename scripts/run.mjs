// Child processes of the scripts.
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))

const env = {
  ...process.env,
  // The toolchain comes first, including Node 24. On a fresh clone it does not exist yet, and the machine's Node is used.
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  npm_config_update_notifier: 'false',
  // Programs under test start hundreds of times from the same TypeScript: Node keeps what it compiled.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/node-compile'),
}

/**
 * Runs a command in the root of the repository, or in `cwd`; resolves to its exit code.
 *
 * @param options.quiet Print its output only if it fails. Default: print it as it arrives
 * @param options.onOutput Receives what it prints to its standard output, piece by piece
 * @param options.env More environment variables
 */
export function run(command, args, { quiet = false, onOutput, cwd = root, env: extra } = {}) {
  const output = onOutput ? 'pipe' : 'inherit'
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['inherit', output, 'inherit']
  const child = spawn(command, args, { cwd, env: { ...env, ...extra }, stdio })
  const said = []
  child.stdout?.on('data', (chunk) => {
    if (quiet) said.push(chunk)
    else process.stdout.write(chunk)
    onOutput?.(String(chunk))
  })
  child.stderr?.on('data', (chunk) => said.push(chunk))
  return exitCode(command, child).then((code) => {
    if (quiet && code !== 0) process.stderr.write(Buffer.concat(said))
    return code
  })
}

let received

/** The signal that ended a command of this process, if one did. */
export const interruption = () => received

function exitCode(command, child) {
  // Ctrl-C reaches the child too; the child decides how to exit, and this process reports it.
  const pass = (signal) => {
    received = signal
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(127)
    })
    child.on('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM']) process.off(name, pass)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}
