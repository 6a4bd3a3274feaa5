import { type EnvFile, openEnvFile } from '../project/env-file.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { maskSecret } from '../shared/mask.ts'

/** Where a new signing secret goes. */
export interface SecretFlags {
  /** A file of variables. */
  readonly writeEnv?: string
  /** The name of the variable. */
  readonly variable: string
  /** Prints it on standard output instead. */
  readonly showSecret?: true
}

/** The option of every command. */
export interface OutputFlags {
  readonly json?: true
}

/** Takes a secret that the API shows once. */
export interface SecretSink {
  readonly file: EnvFile | undefined
  save(secret: string): Promise<void>
  /** The secret as JSON output has it: masked, unless the user wants to see it. */
  toJson(secret: string): string
}

/**
 * Opens the place for a new secret, before the API makes one.
 *
 * @throws CliError when the user named none
 */
export async function openSecretSink(
  context: CommandContext,
  flags: SecretFlags & OutputFlags,
): Promise<SecretSink> {
  const { writeEnv, variable, showSecret, json } = flags
  if (writeEnv === undefined && showSecret === undefined) {
    throw new CliError('usage', 'the API shows the signing secret once: say where it goes', {
      hint: 'With --write-env <file>, or --show-secret to print it.',
    })
  }
  const file = writeEnv === undefined ? undefined : await openEnvFile(context.cwd, writeEnv)
  return {
    file,
    async save(secret) {
      if (showSecret && !json) context.terminal.out(secret)
      if (file === undefined) return
      await file.write(variable, secret)
      context.terminal.note(`${variable} (${maskSecret(secret)}) is in ${file.path}`)
    },
    toJson: (secret) => (showSecret ? secret : maskSecret(secret)),
  }
}
