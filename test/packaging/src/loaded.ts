import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'

/** What an import makes Node load in a fresh process. */
export interface Loaded {
  /** The files, as URLs. */
  files: string[]
  /** Their size, in bytes. */
  bytes: number
  /** The modules of the runtime: `node:crypto`, for instance. */
  builtins: string[]
}

// Imports the module that is given as an argument, and prints the URL of everything loaded for it.
const SCRIPT = `
  import { registerHooks } from 'node:module'
  const urls = []
  registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
  await import(process.argv[1])
  console.log(JSON.stringify(urls))
  process.exit()`

/**
 * Imports a module in a fresh process and returns what Node loads for it.
 *
 * @param from A folder whose dependencies include the module
 */
export async function loadedBy(specifier: string, from: string): Promise<Loaded> {
  const args = ['--input-type=module', '--eval', SCRIPT, specifier]
  const { stdout } = await run(process.execPath, args, { cwd: from })
  const urls = JSON.parse(stdout) as string[]
  const files = urls.filter((url) => url.startsWith('file:'))
  const bytes = files.reduce((total, url) => total + statSync(fileURLToPath(url)).size, 0)
  return { files, bytes, builtins: urls.filter((url) => url.startsWith('node:')) }
}
