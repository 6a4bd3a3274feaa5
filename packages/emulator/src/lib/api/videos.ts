import { Hono } from 'hono'
import { downloadUri } from '../files/file-uris.ts'
import { notFound } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, pick, readWebhookConfig } from '../http/fields.ts'
import { promptText } from '../jobs/answers.ts'
import type { JobRecord } from '../jobs/job.ts'
import { saveSampleVideo } from '../jobs/sample-video.ts'
import { randomText } from '../shared/ids.ts'
import type { Outcome } from '../shared/scenario.ts'
import type { EmulatorState } from '../state/state.ts'

interface VideoInput {
  readonly prompt: string
  /** How many videos to make. */
  readonly count: number
}

/** The files with the videos, or how many videos a filter took out. */
interface VideoResult {
  readonly fileIds: readonly string[]
  readonly filteredCount?: number
}

type Video = JobRecord<'video', VideoInput, VideoResult>

/** Serves `/models/{model}/operations/{id}` (https://ai.google.dev/gemini-api/docs/video). */
export function videosApi(state: EmulatorState): Hono {
  state.jobs.define<Video>('video', {
    produce: (video, outcome) => produce(state, video, outcome),
    eventData,
  })
  return new Hono().get('/:model/operations/:id', (c) => {
    const { model, id } = c.req.param()
    const video = state.jobs.get<Video>('video', `models/${model}/operations/${id}`)
    if (video === undefined) throw notFound('Operation')
    return c.json(show(video))
  })
}

/** Carries out `models/{model}:predictLongRunning`. */
export function createVideo(state: EmulatorState, model: string, body: Fields) {
  const video = state.jobs.start<Video>({
    id: `models/${model}/operations/${randomText(12)}`,
    kind: 'video',
    model: `models/${model}`,
    config: readWebhookConfig(pick(body, 'webhookConfig'), state.settings.profile),
    input: { prompt: readPrompt(body.instances), count: readCount(body.parameters) },
  })
  return show(video)
}

function readPrompt(instances: unknown): string {
  if (!Array.isArray(instances) || instances.length === 0 || !instances.every(isFields)) {
    throw new RequestFault('invalid_request', "'instances' must list an instance with a prompt.")
  }
  return instances.map(({ prompt }) => promptText(prompt)).join(' ')
}

const MAX_COUNT = 4

function readCount(parameters: unknown): number {
  const count = isFields(parameters) ? (pick(parameters, 'sampleCount') ?? 1) : 1
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count
  throw new RequestFault(
    'invalid_request',
    `'parameters.sampleCount' must be a whole number from 1 to ${MAX_COUNT}.`,
  )
}

async function produce(
  { files }: EmulatorState,
  { input }: Video,
  outcome: Outcome,
): Promise<VideoResult | undefined> {
  const { outcome: name = 'succeeded' } = outcome
  if (name === 'filtered') return { fileIds: [], filteredCount: input.count }
  if (name !== 'succeeded') return undefined
  const fileIds: string[] = []
  for (let made = 0; made < input.count; made += 1) fileIds.push((await saveSampleVideo(files)).id)
  return { fileIds }
}

/** The guide's names for the first video (https://ai.google.dev/gemini-api/docs/webhooks). */
function eventData({ end }: Video): Fields {
  const [id] = end?.result?.fileIds ?? []
  return id === undefined ? {} : { output_file_uri: downloadUri(id), file_name: `files/${id}` }
}

function show({ id, end }: Video) {
  const { result, error } = end ?? {}
  return {
    name: id,
    done: end && true,
    error: result === undefined ? error : undefined,
    response: result && {
      '@type': 'type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse',
      generateVideoResponse: showResult(result),
    },
  }
}

function showResult({ fileIds, filteredCount }: VideoResult) {
  if (filteredCount !== undefined) {
    const reason = 'The emulator was told to filter this video.'
    return { raiMediaFilteredCount: filteredCount, raiMediaFilteredReasons: [reason] }
  }
  return { generatedSamples: fileIds.map((id) => ({ video: { uri: downloadUri(id) } })) }
}
