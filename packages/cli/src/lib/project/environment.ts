import { join } from 'node:path'
import { CliError } from '../shared/cli-error.ts'
import { writePrivately } from '../shared/files.ts'
import { type DevSettings, FOLDER } from './dev-settings.ts'

/** The variables that point a program and its receiver at a local emulator. */
export function devEnvironment(url: string, { secret, jobKey }: DevSettings): Record<string, string> {
  return {
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_API_KEY: 'gwh-dev',
    GEMINI_WEBHOOK_SECRET: secret,
    GWH_JWKS_URL: `${url}/.well-known/jwks.json`,
    ...(jobKey !== undefined && { GWH_JOB_KEY: jobKey }),
  }
}

/** Writes them where `node --env-file` and a shell can read them; returns the path, relative to the project. */
export async function writeEnvironment(cwd: string, variables: Record<string, string>): Promise<string> {
  const path = join(FOLDER, 'env')
  const text = Object.entries(variables).map(([name, value]) => `${name}=${quote(name, value)}\n`)
  await writePrivately(join(cwd, path), text.join(''))
  return path
}

/** Quotes a value so that a shell and Node read the same, and a shell runs nothing. */
function quote(name: string, value: string): string {
  if (/^[\w.~+/:=,-]*$/.test(value)) return value
  if (!/['\r\n]/.test(value)) return `'${value}'`
  throw new CliError('config', `${name} has a quote or a line end in it`, { hint: 'Choose another value.' })
}
