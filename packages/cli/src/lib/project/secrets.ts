import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { readDevSettings } from './dev-settings.ts'

/** Signing secrets, and where they were found. */
export interface FoundSecrets {
  /** One secret or several, separated by commas or spaces. */
  readonly secrets: string
  /** For a person to read. */
  readonly source: string
}

/** The variables that hold signing secrets, in the order in which they are read. */
export const SECRET_VARIABLES = ['GEMINI_WEBHOOK_SECRET', 'WEBHOOK_SIGNING_SECRET']

/**
 * Finds the signing secrets: in the variable `name`, or in the usual ones, or in what `gwh dev` keeps in this folder.
 * Secrets are never arguments, which other users of the machine can read.
 *
 * @throws CliError when a variable was named and is not set
 */
export async function findSecrets(
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
  name?: string,
): Promise<FoundSecrets | undefined> {
  for (const variable of name === undefined ? SECRET_VARIABLES : [name]) {
    const secrets = env[variable]
    if (secrets) return { secrets, source: variable }
  }
  if (name !== undefined) throw new CliError('config', `the variable ${name} is not set`)
  const secret = (await readDevSettings(cwd))?.secret
  return secret === undefined ? undefined : { secrets: secret, source: 'gwh dev in this folder' }
}
