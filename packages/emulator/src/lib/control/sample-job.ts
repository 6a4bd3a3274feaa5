import { createBatch } from '../api/batches.ts'
import { startInteraction } from '../api/interactions.ts'
import { createVideo } from '../api/videos.ts'
import type { WebhookConfig } from '../http/fields.ts'
import type { AnyJob } from '../jobs/job.ts'
import type { JobKind } from '../shared/job-kind.ts'
import type { EmulatorState } from '../state/state.ts'

const MODEL = 'gemini-3.8-flash'
const VIDEO_MODEL = 'veo-3.1-generate-preview'
const PROMPT = 'A sample request.'

/** Creates a small job of a kind, for an event that needs one. */
export function createSampleJob(state: EmulatorState, kind: JobKind, webhookConfig: WebhookConfig): AnyJob {
  return state.jobs.find(CREATE[kind](state, { ...webhookConfig }))!
}

/** Creates a job the way the API does, and returns its id. */
const CREATE: Record<JobKind, (state: EmulatorState, webhookConfig: WebhookConfig) => string> = {
  batch(state, webhookConfig) {
    const request = { contents: [{ parts: [{ text: PROMPT }] }] }
    const inputConfig = { requests: { requests: [{ request, metadata: { key: 'sample' } }] } }
    const batch = { displayName: 'sample', inputConfig, webhookConfig }
    return createBatch(state, 'generateContent', MODEL, { batch }).name
  },
  interaction: (state, webhookConfig) =>
    startInteraction(state, { model: MODEL, input: PROMPT, background: true, webhookConfig }).id,
  video: (state, webhookConfig) =>
    createVideo(state, VIDEO_MODEL, { instances: [{ prompt: PROMPT }], webhookConfig }).name,
}
