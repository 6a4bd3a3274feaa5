import type { GoogleGenAI } from '@google/genai'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'

const MODEL = 'gemini-3.8-flash'

/** A batch, announced by the static webhook that is registered for the project. */
export async function createBatch(client: GoogleGenAI, prompts: readonly string[]): Promise<string> {
  const batch = await client.batches.create({
    model: MODEL,
    src: prompts.map((text) => ({ contents: [{ role: 'user', parts: [{ text }] }] })),
    config: { displayName: 'demo' },
  })
  return batch.name ?? ''
}

/** A background interaction with a webhook of its own: the token in its metadata marks the job as ours. */
export async function createInteraction(
  client: GoogleGenAI,
  input: string,
  uri: string,
  jobKey: string,
): Promise<string> {
  const interaction = await client.interactions.create({
    model: MODEL,
    input,
    background: true,
    webhook_config: {
      uris: [uri],
      user_metadata: { job_group: 'demo', [JOB_TOKEN_FIELD]: await createJobToken({ jobKey }) },
    },
  })
  return interaction.id
}
