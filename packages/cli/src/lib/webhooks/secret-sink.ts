import { type EnvFile, openEnvFile } from '../project/env-file.ts'
import { rescueSecret } from '../project/rescue.ts'
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
  /**
   * Stores the secret of a webhook.
   *
   * @throws CliError that says where the secret is instead
   */
  save(secret: string, webhook: string): Promise<void>
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
  const file = writeEnv === undefined ? undefined : await openEnvFile(context.cwd, writeEnv, variable)
  return {
    file,
    async save(secret, webhook) {
      if (showSecret && !json) context.terminal.out(secret)
      if (file === undefined) return
      const others = await putInFront(file, secret).catch(async (cause: Error) => {
        throw await unsaved(context, { file, secret, webhook, cause })
      })
      context.terminal.note(`${variable} (${maskSecret(secret)}) is in ${file.path}`)
      if (others.length === 0) return
      context.terminal.note(
        `It is in front of ${others.map(maskSecret).join(', ')}: remove what no webhook uses.`,
      )
    },
    toJson: (secret) => (showSecret ? secret : maskSecret(secret)),
  }
}

/** Writes a secret before those in the file that may belong to other webhooks; returns these. */
async function putInFront(file: EnvFile, secret: string): Promise<string[]> {
  const others = (await readSecrets(file)).filter((other) => isSecret(other) && other !== secret)
  await file.write([secret, ...others].join(','))
  return others
}

/** The secrets in a file, newest first. */
export async function readSecrets(file: EnvFile): Promise<string[]> {
  return (await file.read())?.split(/[\s,]+/).filter((secret) => secret !== '') ?? []
}

/** Whether it could be a secret of another webhook, which the API does not show again. */
const isSecret = (text: string) => /^whsec_[\w+/-]{16,}=*$/.test(text)

/** A secret that the API has shown and that could not be stored. */
interface UnsavedSecret {
  readonly file: EnvFile
  readonly secret: string
  readonly webhook: string
  readonly cause: Error
}

/** Keeps the secret elsewhere, and makes the error that says where. */
export async function unsaved(
  { cwd }: CommandContext,
  { file, secret, webhook, cause }: UnsavedSecret,
): Promise<CliError> {
  const rescued = await rescueSecret(cwd, file.name, secret)
  const hint =
    rescued === undefined
      ? `The secret is lost. For another one: gwh webhooks rotate ${webhook} --write-env <file>`
      : `The secret is in ${rescued}, which you alone can read. Move the line into ${file.path}, and delete that file.`
  return new CliError('config', `webhook ${webhook} has a new secret, but ${cause.message}`, { hint, cause })
}
