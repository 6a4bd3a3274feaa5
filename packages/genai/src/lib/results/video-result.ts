import type { WebhookEvent } from '@gwh/core'
import type { VideoOperationLike } from '../shared/client.ts'
import { fromApi, JobFailedError, ResultError, ResultUnavailableError } from '../shared/errors.ts'
import { readAnswer, toList, toText } from '../shared/read-answer.ts'
import type { ResultDeps } from './batch-result.ts'
import { fileOf, toFileName } from './pointer.ts'
import { saveStream } from './save-stream.ts'
import { readVideoOperation } from './video-operation.ts'
import { checked } from './whole-file.ts'
import { videoCheck } from './whole-video.ts'

/** One generated video. */
export interface VideoFile {
  /** The file of the Gemini API that holds it, `files/…`. It is deleted 48 hours after it was generated. */
  readonly file: string
  /** Opens the video as a stream of bytes. */
  stream(): Promise<ReadableStream<Uint8Array>>
  /** Reads the whole video into memory. */
  bytes(): Promise<Uint8Array>
  /**
   * Writes the video to a path, under a temporary name until it is complete.
   *
   * @throws WebhookConfigError `option_invalid` on a runtime without a file system
   */
  saveTo(path: string): Promise<void>
}

/** The outcome of a video job: its first video, and a way to the others. */
export interface VideoResult extends VideoFile {
  /** Tells the kinds of results apart. */
  readonly kind: 'video'
  /** The name of the operation. */
  readonly job: string
  /** Asks the API for every video of the job. */
  all(): Promise<VideoFile[]>
}

/** Finds the video of a job. Asks the API only if the event does not name the file. */
export async function fetchVideoResult(
  job: string,
  event: WebhookEvent,
  deps: ResultDeps,
): Promise<VideoResult> {
  const all = async () => (await readFiles(job, deps)).map((file) => toVideoFile(file, deps))
  const named = fileOf(event)
  const first = named === undefined ? (await all())[0]! : toVideoFile(named, deps)
  return { kind: 'video', job, ...first, all }
}

async function readFiles(job: string, { client, signal }: ResultDeps): Promise<string[]> {
  const operation = await fromApi(job, (request) => readVideoOperation(client, job, request), signal, client)
  const uris = readAnswer(job, () => videoUris(operation))
  if (uris.length > 0) return uris.map(toFileName)
  throw readAnswer(job, () => withoutVideo(job, operation))
}

/** Where the videos of a finished operation are. */
export function videoUris({ response }: VideoOperationLike): string[] {
  const samples = toList(response?.generateVideoResponse?.generatedSamples)
  return samples.map(({ video }) => toText(video?.uri)).filter((uri) => uri !== undefined)
}

/** Why a video operation has no video. */
export function withoutVideo(job: string, { done, error, response }: VideoOperationLike): Error {
  if (!done) return new ResultUnavailableError(`${job} is not done yet`, undefined)
  if (error) {
    const code = error.code === undefined ? undefined : String(error.code)
    return new JobFailedError({ job, reason: 'failed', errorCode: code, errorMessage: error.message })
  }
  const reasons = response?.generateVideoResponse?.raiMediaFilteredReasons
  if (!reasons?.length) return new ResultError('result_not_found', `${job} has no video`)
  return new JobFailedError({ job, reason: 'filtered', errorMessage: reasons.join(' ') })
}

/** The video in a file of the API. */
export function toVideoFile(file: string, { fetchFile, signal }: ResultDeps): VideoFile {
  const stream = async () => checked(await fetchFile(file, signal), videoCheck(file))
  return {
    file,
    stream,
    bytes: async () => new Uint8Array(await new Response(await stream()).arrayBuffer()),
    saveTo: (path) => saveStream(stream, path),
  }
}
