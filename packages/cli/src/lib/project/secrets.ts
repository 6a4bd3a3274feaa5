import { CliError } from '../shared/cli-error.ts'
import { type FoundSetting, findSetting, type Surroundings } from './configuration.ts'

/** Signing secrets, and where they were found. */
export interface FoundSecrets {
  /** One secret or several, separated by commas or spaces. */
  readonly secrets: string
  /** For a person to read. */
  readonly source: FoundSetting['source']
}

/** The variables that hold signing secrets, in the order in which they are read. */
export const SECRET_VARIABLES = ['GEMINI_WEBHOOK_SECRET', 'WEBHOOK_SIGNING_SECRET']

/**
 * Finds the signing secrets: in the variable `name`, or in the usual ones, or in what `gwh dev` keeps in this folder.
 * Secrets are never arguments, which other users of the machine can read.
 *
 * @throws CliError when a variable was named and is not set
 */
export async function findSecrets(context: Surroundings, name?: string): Promise<FoundSecrets | undefined> {
  if (name !== undefined) {
    const secrets = context.env[name]
    if (secrets) return { secrets, source: name }
    throw new CliError('config', `the variable ${name} is not set`)
  }
  const found = await findSetting(context, ...SECRET_VARIABLES)
  return found && { secrets: found.value, source: found.source }
}

/** Splits what holds one secret or several; the newest comes first. */
export function listSecrets(secrets: string): string[] {
  return secrets.trim().split(/[\s,]+/)
}
