import { rotateSecret } from '@gwh/genai'
import { changeDevSecrets, isDevWebhook, type WebhookPlace } from '../project/dev-webhook.ts'
import { type EnvFile, openEnvFile } from '../project/env-file.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { maskSecret } from '../shared/mask.ts'
import { toWebhook } from './answers.ts'
import { type ApiClient, callApi, connect, findApi } from './client.ts'
import { ROTATIONS, type Rotation, readRotation, withRotations, writeRotation } from './rotation-file.ts'
import { type OutputFlags, readSecrets, unsaved } from './secret-sink.ts'
import { showRotation } from './show-rotation.ts'

/** The options of `gwh webhooks rotate`. */
export interface RotateFlags extends OutputFlags {
  /** The file that the receivers read their secrets from; needed to begin. */
  readonly writeEnv?: string
  readonly variable: string
  /** Ends the secrets from before at once. */
  readonly revokeNow?: true
  /** Begins another rotation although one is under way. */
  readonly again?: true
}

/**
 * Rotates a signing secret so that no delivery is lost, in steps that each can be repeated: the same command begins,
 * goes on where it was interrupted, says what is left to do, and at the end removes the old secret.
 */
export async function rotate(context: CommandContext, id: string, flags: RotateFlags): Promise<void> {
  await withRotations(context.cwd, () => takeStep(context, id, flags))
}

async function takeStep(context: CommandContext, id: string, flags: RotateFlags): Promise<void> {
  const kept = await readRotation(context.cwd, id)
  if (kept?.stage === 'requested') {
    context.terminal.note('The answer to the last attempt was lost. The secret that it made is never used.')
  }
  const goesOn =
    kept !== undefined && kept.stage !== 'requested' && (!flags.again || kept.stage === 'received')
  const rotation = goesOn ? kept : await begin(context, id, flags)
  const isNew = rotation.stage === 'received'
  // The file from the beginning may be the reason why the secret is not in it yet.
  const path = isNew ? (flags.writeEnv ?? rotation.file) : rotation.file
  const opening = openEnvFile(context.cwd, path, rotation.variable)
  const file = await (isNew ? opening.catch(sayKept) : opening)
  const stored = isNew ? await store(context, id, rotation, file) : rotation
  const isOver = Date.now() >= (stored.previousUntil ?? 0)
  const removed = isOver ? await finish(context, id, stored, file) : []
  const { variable, previousUntil } = stored
  const stage = isOver ? 'finished' : 'overlap'
  const result = { id, stage, file: file.path, variable, previousUntil, removed }
  if (flags.json) context.terminal.json(result)
  else
    showRotation(context, stored, {
      id,
      isOver,
      isNew,
      isDev: await isDevWebhook(context.cwd, await toPlace(context, id)),
    })
}

/** Asks the API for a new secret, and keeps it before anything else. */
async function begin(context: CommandContext, id: string, flags: RotateFlags): Promise<Rotation> {
  const { cwd, signal } = context
  const { writeEnv, variable, revokeNow } = flags
  if (writeEnv === undefined) {
    throw new CliError(
      'usage',
      'the API shows the new secret once: name the file it goes into with --write-env',
    )
  }
  const file = await openEnvFile(cwd, writeEnv, variable)
  const api = await connect(context)
  const webhook = toWebhook(await callApi(api, signal, () => api.sdk.webhooks.get(id)))
  const previous = webhook.signing_secrets?.map(({ truncated_secret = '' }) => truncated_secret) ?? []
  const requested: Rotation = { stage: 'requested', file: writeEnv, variable, previous }
  await writeRotation(cwd, id, requested)
  const made = await callApi(api, signal, () => requestSecret(api, id, revokeNow), GO_ON)
  const received: Rotation = { ...requested, stage: 'received', ...made }
  // Not part of the call, which Ctrl-C ends.
  await writeRotation(cwd, id, received).catch(async (cause: Error) => {
    throw await unsaved(context, { file, secret: made.secret, webhook: id, cause })
  })
  return received
}

const GO_ON = 'The API may have made a secret, which is lost then: run the same command again.'

async function requestSecret({ sdk }: ApiClient, id: string, revokeNow: true | undefined) {
  let secret = ''
  const options = { client: sdk, webhook: id, ...(revokeNow && { revokeNow }) }
  const save = (made: string) => {
    secret = made
  }
  const { previousUntil } = await rotateSecret({ ...options, save })
  return { secret, previousUntil }
}

/** Puts the new secret in front of those in the file. */
async function store(
  context: CommandContext,
  id: string,
  rotation: Rotation,
  file: EnvFile,
): Promise<Rotation> {
  const { secret = '', variable } = rotation
  const others = (await readSecrets(file).catch(sayKept)).filter((other) => other !== secret)
  if (!others.some((other) => rotation.previous.includes(short(other)))) {
    context.terminal.note(`${file.path} did not hold the old secret of this webhook.`)
  }
  await file.write([secret, ...others].join(',')).catch(sayKept)
  await changeDevSecrets(context.cwd, await toPlace(context, id), (known) => [
    secret,
    ...known.filter((other) => other !== secret),
  ])
  const { secret: _, ...rest } = rotation
  const stored: Rotation = { ...rest, stage: 'overlap', file: file.path }
  await writeRotation(context.cwd, id, stored)
  context.terminal.note(`${variable} in ${file.path} begins with the new secret (${maskSecret(secret)}).`)
  return stored
}

function sayKept(cause: Error): never {
  const hint = `${ROTATIONS} keeps the new secret: mend this, or name another file with --write-env, and run the command again.`
  throw new CliError('config', cause.message, { hint, cause })
}

/** Removes the old secrets of this webhook, and leaves those of others. */
async function finish(
  context: CommandContext,
  id: string,
  rotation: Rotation,
  file: EnvFile,
): Promise<string[]> {
  const secrets = await readSecrets(file)
  const [newest, ...others] = secrets
  const isOld = (secret: string) => rotation.previous.includes(short(secret))
  const left = [newest, ...others.filter((secret) => !isOld(secret))]
  if (newest !== undefined && left.length < secrets.length) await file.write(left.join(','))
  await changeDevSecrets(context.cwd, await toPlace(context, id), ([first, ...rest]) => [
    first,
    ...rest.filter((secret) => !isOld(secret)),
  ])
  await writeRotation(context.cwd, id, undefined)
  return others.filter(isOld).map(short)
}

async function toPlace(context: CommandContext, id: string): Promise<WebhookPlace> {
  return { id, baseUrl: (await findApi(context)).baseUrl }
}

/** As the API shortens a secret. */
const short = (secret: string) => `whsec_...${secret.slice(-4)}`
