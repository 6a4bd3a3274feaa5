import { spawn } from 'node:child_process'

/** The result of a command. */
export interface Finished {
  code: number
  stdout: string
  stderr: string
}

/** Options of a command. */
export interface RunOptions {
  cwd: string
  env?: Record<string, string>
  /** Whether to return instead of throwing when the command fails. Default false. */
  mayFail?: boolean
}

/**
 * Runs a command to its end.
 *
 * @throws Error with what it printed, when it fails
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...cleanEnv(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status ?? 1))
  })
  if (code !== 0 && !options.mayFail) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  }
  return { code, stdout, stderr }
}

/** Our environment without the variables that pnpm sets for the programs it starts. */
export function cleanEnv(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(npm_|pnpm_|NODE_OPTIONS|NODE_PATH|INIT_CWD|VITEST)/.test(name),
  )
  return { ...(Object.fromEntries(inherited) as Record<string, string>), CI: 'true', NO_COLOR: '1' }
}
