import { type EnsuredWebhook, ensureWebhook } from '@gwh/genai'
import { noteBlockedTargets } from '../project/blocked-targets.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { toWebhook } from './answers.ts'
import { type ApiClient, callApi, connect, MAY_BE_THERE } from './client.ts'
import { type OutputFlags, openSecretSink, type SecretFlags, type SecretSink } from './secret-sink.ts'

/** The options of `gwh webhooks register`. */
export interface RegisterFlags extends OutputFlags, SecretFlags {
  readonly uri: string
  readonly events: readonly string[]
  readonly name: string
}

/** Makes sure that there is one webhook of this name, as described; its secret goes into the file when it is made. */
export async function register(context: CommandContext, flags: RegisterFlags): Promise<void> {
  const { uri, events, name, json } = flags
  const sink = await openSecretSink(context, flags)
  const api = await connect(context)
  const { secret, ...ensured } = await callApi(
    api,
    context.signal,
    () => ensureWebhook({ client: api.sdk, name, uri, events }),
    MAY_BE_THERE,
  )
  if (secret) await sink.save(secret, ensured.id)
  if (json) context.terminal.json({ ...ensured, ...(secret && { secret: sink.toJson(secret) }) })
  else show(context, name, ensured)
  await noteBlockedTargets(context, api.baseUrl, [uri])
  if (!secret) await checkSecret(context, { api, sink, id: ensured.id })
}

function show(
  { terminal }: CommandContext,
  name: string,
  { id, outcome, changed, duplicates }: EnsuredWebhook,
): void {
  terminal.out(`${name} (${id}): ${outcome}${changed.length > 0 ? `: ${changed.join(', ')}` : ''}`)
  if (duplicates.length > 0) terminal.note(`Other webhooks have the same name: ${duplicates.join(', ')}.`)
}

interface SecretCheck {
  readonly api: ApiClient
  readonly sink: SecretSink
  readonly id: string
}

/** A webhook that was there before keeps its secret; says so if the file holds none of its own. */
async function checkSecret(context: CommandContext, { api, sink, id }: SecretCheck): Promise<void> {
  if (sink.file === undefined) return
  const webhook = toWebhook(await callApi(api, context.signal, () => api.sdk.webhooks.get(id)))
  const known = webhook.signing_secrets?.map(({ truncated_secret }) => truncated_secret?.slice(-4)) ?? []
  const stored = (await sink.file.read())?.split(/[\s,]+/) ?? []
  if (known.length === 0 || stored.some((secret) => known.includes(secret.slice(-4)))) return
  throw new CliError('config', `${sink.file.path} does not hold the signing secret of this webhook`, {
    hint: `The API showed it when the webhook was made. For a new one: gwh webhooks rotate ${id} --write-env ${sink.file.path}`,
  })
}
