import type { GoogleGenAI } from '@google/genai'
import { createWebhookConfig, type WebhookConfig } from '@gwh/genai'

const MODEL = 'gemini-3.8-flash'
const VIDEO_MODEL = 'veo-3.1-generate-preview'

const contents = (text: string) => [{ role: 'user', parts: [{ text }] }]

/** A batch of inlined requests, announced by the static webhook that is registered for the project. */
export async function createBatch(client: GoogleGenAI, prompts: readonly string[]): Promise<string> {
  const src = prompts.map((text) => ({ contents: contents(text) }))
  const batch = await client.batches.create({ model: MODEL, src, config: { displayName: 'demo' } })
  return batch.name ?? ''
}

/** A batch whose requests are the lines of an uploaded file. */
export async function createFileBatch(client: GoogleGenAI, prompts: readonly string[]): Promise<string> {
  const lines = prompts.map((text, index) =>
    JSON.stringify({ key: `request-${index + 1}`, request: { contents: contents(text) } }),
  )
  const file = new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' })
  const uploaded = await client.files.upload({ file, config: { mimeType: 'application/jsonl' } })
  const batch = await client.batches.create({ model: MODEL, src: uploaded.name ?? '' })
  return batch.name ?? ''
}

/** A webhook of the job's own: the token in its metadata marks the job as ours. */
export function ownWebhook(uri: string, jobKey: string): Promise<WebhookConfig> {
  return createWebhookConfig({ uris: [uri], userMetadata: { job_group: 'demo' }, jobKey })
}

/** An interaction in the background, with a webhook of its own. */
export async function createInteraction(
  client: GoogleGenAI,
  input: string,
  webhook_config: WebhookConfig,
): Promise<string> {
  const interaction = await client.interactions.create({
    model: MODEL,
    input,
    background: true,
    webhook_config,
  })
  return interaction.id
}

/** A video job with a webhook of its own. Version 3 of the client has no method for it on this API. */
export async function createVideo(
  baseUrl: string,
  prompt: string,
  webhookConfig: WebhookConfig,
): Promise<string> {
  const response = await fetch(`${baseUrl}/v1/models/${VIDEO_MODEL}:predictLongRunning`, {
    method: 'POST',
    headers: { 'x-goog-api-key': process.env.GEMINI_API_KEY ?? '', 'content-type': 'application/json' },
    body: JSON.stringify({ instances: [{ prompt }], webhookConfig }),
  })
  const operation = (await response.json()) as { name?: string }
  if (operation.name === undefined) throw new Error(`no video job: ${response.status}`)
  return operation.name
}
