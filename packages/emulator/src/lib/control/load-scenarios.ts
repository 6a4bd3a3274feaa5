import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RequestFault } from '../http/faults.ts'
import { readScenario } from '../jobs/scenarios.ts'
import type { Scenario } from '../shared/scenario.ts'

/**
 * Reads scenarios from a file: JSON with a list, or a module whose default export is one. TypeScript works where the
 * runtime runs it, as Node 24, Bun and Deno do.
 *
 * @example
 * ```ts
 * const emulator = createEmulator({ scenarios: await loadScenarios('scenarios.json') })
 * ```
 *
 * @throws TypeError when the file cannot be read or run, or holds no scenarios; the message names the file
 */
export async function loadScenarios(path: string): Promise<readonly Scenario[]> {
  try {
    const value = path.endsWith('.json')
      ? JSON.parse(await readFile(path, 'utf8'))
      : await importDefault(path)
    if (!Array.isArray(value)) throw new RequestFault('invalid_request', 'a list of scenarios is needed')
    return value.map(readScenario)
  } catch (cause) {
    throw new TypeError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function importDefault(path: string): Promise<unknown> {
  const module: { default?: unknown } = await import(pathToFileURL(resolve(path)).href)
  return module.default
}
