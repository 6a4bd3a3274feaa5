import { checkNames } from '@gwh/core/options'
import { toApiFailed } from '../shared/api-failed.ts'
import type { InteractionLike, JobClient } from '../shared/client.ts'
import { JobFailedError, ResultUnavailableError } from '../shared/errors.ts'
import { getInteraction } from '../shared/get-interaction.ts'
import { invalid } from '../shared/options.ts'
import { readAnswer } from '../shared/read-answer.ts'
import type { ResultDeps } from './batch-result.ts'
import { continueOnce, memoryOf, type RespondOptions } from './continue-once.ts'
import { findFileName } from './pointer.ts'
import { toVideoFile, type VideoFile } from './video-result.ts'

/** The outcome of an interaction. */
export interface InteractionResult {
  /** Tells the kinds of results apart. */
  readonly kind: 'interaction'
  /** The id of the interaction. */
  readonly job: string
  /** `completed`; or `incomplete` or `budget_exceeded`, if it ended early with what it had. */
  readonly status: string
  /** The contents of its outputs, in order. */
  readonly outputs: readonly object[]
  /** The text of its last output; `undefined` if it has none. */
  readonly text: string | undefined
  /** The videos among its outputs that lie in files of the Gemini API. One that came as `data` is in `outputs` only. */
  readonly videos: readonly VideoFile[]
  /** The interaction, as the SDK returned it. */
  readonly interaction: InteractionLike
}

/** A function call that the model waits for. */
export interface PendingCall {
  /** The id of the call. */
  readonly id: string
  /** The name of the function. */
  readonly name: string
  /** Its arguments. */
  readonly arguments: Readonly<Record<string, unknown>>
}

/** The outcome of one function call, for `PendingCalls.respond`. */
export interface CallResult {
  /** The id of the call it answers. */
  id: string
  /** What the function returned, or a description of its error. */
  result: unknown
  /** Whether `result` describes an error. Default `false`. */
  isError?: boolean
}

/** An interaction that continues once its function calls are answered. */
export interface PendingCalls {
  /** Tells the kinds of results apart. */
  readonly kind: 'requires_action'
  /** The id of the interaction. */
  readonly job: string
  /** The calls that are not answered yet. */
  readonly calls: readonly PendingCall[]
  /** The interaction, as the SDK returned it. */
  readonly interaction: InteractionLike
  /**
   * Answers the calls with a new interaction that continues this one, in the background. Once: a second call, of a handler
   * that is tried again for instance, returns the continuation that the first one created, whatever its results.
   *
   * With a client whose `createJobs` has a ledger, that holds after a crash too, and among all processes that share the ledger,
   * whether a handler answers or code that waits. Otherwise it holds within this process, or as far as `options.memory`
   * reaches. The API itself cannot say whether an interaction was continued. So if an attempt ended without an answer, the
   * next one throws, and a person decides; see `options.ifUnknown`.
   *
   * @param results One for each call
   * @param request More members of the request: `webhook_config`, and `tools` if the model should call them again
   * @throws WebhookConfigError `option_invalid` unless each call has exactly one result
   * @throws ResultError `continuation_unknown`: permanent
   * @throws ApiFailedError `api_failed` if the API refuses, does not answer, or returns no interaction. Only after a 4xx other
   *   than 408, or if it was not reached, has it certainly created nothing; the next call then sends the results again
   */
  respond(
    results: readonly CallResult[],
    request?: Readonly<Record<string, unknown>>,
    options?: RespondOptions,
  ): Promise<InteractionLike>
}

const ENDED_EARLY = ['incomplete', 'budget_exceeded']

/** Reads an interaction. Asks the API in any case, because the event names no output. */
export async function fetchInteractionResult(
  job: string,
  deps: ResultDeps,
): Promise<InteractionResult | PendingCalls> {
  const { client, signal } = deps
  const interaction = await getInteraction(client, job, signal)
  const found = readAnswer(`interaction ${job}`, () => readInteraction(job, interaction, deps))
  if (found instanceof Error) throw found
  return found
}

function readInteraction(job: string, interaction: InteractionLike, deps: ResultDeps) {
  const { status = '' } = interaction
  if (status === 'requires_action') return toPendingCalls(job, interaction, deps.client)
  if (status === 'completed' || ENDED_EARLY.includes(status)) return toResult(job, interaction, deps)
  if (status === 'cancelled') return new JobFailedError({ job, reason: 'cancelled' })
  if (status === 'failed') return toFailure(job, interaction)
  // The event can be ahead of what the API shows.
  return new ResultUnavailableError(`interaction ${job} is not done yet (${status})`, undefined)
}

function toResult(job: string, interaction: InteractionLike, deps: ResultDeps): InteractionResult {
  const { status = '' } = interaction
  const steps = stepsOf(interaction, 'model_output')
  const outputs = steps.flatMap(contentsOf)
  // Versions of the SDK before 2.18 add no text.
  const text = interaction.output_text ?? textOf(steps.at(-1))
  const files = outputs.map(videoFileOf).filter((file) => file !== undefined)
  const videos = files.map((file) => toVideoFile(file, deps))
  return { kind: 'interaction', job, status, outputs, text, videos, interaction }
}

/** The file of a video, if this output is one. */
function videoFileOf(output: object): string | undefined {
  const { type, uri } = output as { type?: unknown; uri?: unknown }
  return type === 'video' && typeof uri === 'string' ? findFileName(uri) : undefined
}

function contentsOf({ content }: StepLike): object[] {
  return Array.isArray(content) ? content : []
}

function textOf(step: StepLike | undefined): string | undefined {
  const texts = (step ? contentsOf(step) : []).map((content) => (content as { text?: unknown }).text)
  const found = texts.filter((text) => typeof text === 'string')
  return found.length > 0 ? found.join('') : undefined
}

function toFailure(job: string, interaction: InteractionLike): JobFailedError {
  const { errorCode, errorMessage } = firstError(interaction)
  return new JobFailedError({ job, reason: 'failed', errorCode, errorMessage })
}

/** The first error of an interaction, if it has any. */
export function firstError({ errors }: InteractionLike): { errorCode?: string; errorMessage?: string } {
  const [error] = (Array.isArray(errors) ? errors : []) as { code?: unknown; message?: unknown }[]
  return {
    ...(error?.code !== undefined && { errorCode: String(error.code) }),
    ...(error?.message !== undefined && { errorMessage: String(error.message) }),
  }
}

function toPendingCalls(job: string, interaction: InteractionLike, client: JobClient): PendingCalls {
  const answered = new Set(stepsOf(interaction, 'function_result').map(({ call_id }) => call_id))
  const calls = stepsOf(interaction, 'function_call')
    .map(({ id, name, arguments: given }) => ({
      id: String(id),
      name: String(name),
      arguments: Object(given),
    }))
    .filter(({ id }) => !answered.has(id))
  return {
    kind: 'requires_action',
    job,
    calls,
    interaction,
    async respond(results, request = {}, options = {}) {
      checkNames(options, ['memory', 'ifUnknown'], 'respond()')
      const input = toInput(calls, results)
      const { model, agent } = interaction
      const target = model === undefined ? { agent } : { model }
      const continued = { ...target, ...request, previous_interaction_id: job, input, background: true }
      const { memory = memoryOf(client), ifUnknown = 'refuse' } = options
      return await continueOnce(
        {
          job,
          // The SDK would send a request again that was not answered, and continue the interaction twice.
          create: () => client.interactions.create(continued, { maxRetries: 0 }),
          toError: (error) => toApiFailed(`the continuation of interaction ${job}`, client, error),
          read: (id) => getInteraction(client, id),
        },
        memory,
        ifUnknown,
      )
    },
  }
}

function toInput(calls: readonly PendingCall[], results: readonly CallResult[]): object[] {
  const byId = new Map(results.map((result) => [result.id, result]))
  if (byId.size !== results.length || results.length !== calls.length) {
    throw invalid(`respond() takes one result for each of the ${calls.length} calls`)
  }
  return calls.map(({ id, name }) => {
    const given = byId.get(id)
    if (!given) throw invalid(`the call ${id} of ${name} has no result`)
    const { result, isError } = given
    return { type: 'function_result', call_id: id, name, result, ...(isError && { is_error: true }) }
  })
}

interface StepLike {
  type?: unknown
  id?: unknown
  call_id?: unknown
  name?: unknown
  arguments?: unknown
  content?: unknown
}

function stepsOf({ steps = [] }: InteractionLike, type: string): StepLike[] {
  return steps.map((step) => Object(step) as StepLike).filter((step) => step.type === type)
}
