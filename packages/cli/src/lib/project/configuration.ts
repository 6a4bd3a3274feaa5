import type { CommandContext } from '../shared/context.ts'
import { FOLDER, readDevSettings } from './dev-settings.ts'
import { devEnvironment } from './environment.ts'

/** A setting, and where it was found. */
export interface FoundSetting {
  readonly value: string
  /** The name of the variable, or `.gwh`. */
  readonly source: string
}

/** Where commands look for what no flag says. */
export type Surroundings = Pick<CommandContext, 'env' | 'cwd'>

/**
 * Finds a setting that no flag gave, by the names of its variables: first in the environment, then in what `gwh dev`
 * keeps in this folder. Every command reads its settings here, so that all agree. An empty variable counts as not set.
 *
 * @throws CliError when what `gwh dev` keeps is damaged
 */
export async function findSetting(
  { env, cwd }: Surroundings,
  ...names: readonly string[]
): Promise<FoundSetting | undefined> {
  const name = names.find((one) => env[one])
  if (name !== undefined) return { value: env[name]!, source: name }
  const kept = await readKept(cwd)
  const value = names.map((one) => kept[one]).find(Boolean)
  return value === undefined ? undefined : { value, source: FOLDER }
}

/** What `gwh dev` keeps in a folder, by the names that the variables have in an environment. */
async function readKept(cwd: string): Promise<Readonly<Record<string, string | undefined>>> {
  const settings = await readDevSettings(cwd)
  if (settings === undefined) return {}
  const { url, controlToken, queue } = settings
  const { GOOGLE_GEMINI_BASE_URL, GWH_JWKS_URL, ...others } = devEnvironment(url ?? '', settings)
  return {
    ...others,
    ...(url !== undefined && { GOOGLE_GEMINI_BASE_URL, GWH_JWKS_URL }),
    GWH_CONTROL_TOKEN: controlToken,
    GWH_QUEUE: queue,
  }
}
