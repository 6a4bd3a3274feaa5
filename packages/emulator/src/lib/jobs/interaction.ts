import type { FileStore } from '../files/file-store.ts'
import { fileUri } from '../files/file-uris.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields } from '../http/fields.ts'
import type { Respond } from '../shared/respond.ts'
import type { FunctionCall, Outcome } from '../shared/scenario.ts'
import { answer, countTokens, cutText, messageOf, promptText } from './answers.ts'
import { JobFailure, type JobRecord } from './job.ts'
import { saveSampleVideo } from './sample-video.ts'

/** What an interaction was asked: the body of its creation. */
export interface InteractionInput {
  readonly request: Fields
}

/** What came of an interaction. */
export interface InteractionResult {
  /** What went in and what came out, as the API shows it. */
  readonly steps: readonly Fields[]
  readonly usage: Fields
}

/** An interaction, which is a job when it runs in the background. */
export type Interaction = JobRecord<'interaction', InteractionInput, InteractionResult>

// What an input is made of when it is not made of steps (https://ai.google.dev/api/interactions-api).
const CONTENT_TYPES = ['text', 'image', 'audio', 'document', 'video']

/** Shows an input as steps: contents become one step of the user's. */
export function inputSteps(input: unknown): Fields[] {
  const items = typeof input === 'string' ? [{ type: 'text', text: input }] : [input].flat()
  if (!items.every(isFields))
    throw new RequestFault('invalid_request', "'input' must be text, contents or steps.")
  const contents = items.filter((item) => CONTENT_TYPES.some((type) => type === item.type))
  const steps = items.filter((item) => !contents.includes(item))
  return [...(contents.length > 0 ? [{ type: 'user_input', content: contents }] : []), ...steps]
}

/** The results of function calls in an input. */
export function functionResults(input: unknown): Fields[] {
  return inputSteps(input).filter(({ type }) => type === 'function_result')
}

/** What the model is asked: every text, and the results of functions as JSON. */
export function interactionPrompt(input: unknown): string {
  return inputSteps(input)
    .map((step) => (step.type === 'function_result' ? resultText(step) : promptText(step)))
    .join(' ')
}

function resultText({ result }: Fields): string {
  return typeof result === 'string' ? result : JSON.stringify(result ?? null)
}

/** What interactions are answered with. */
export interface InteractionTools {
  readonly files: FileStore
  readonly respond: Respond
}

/** Works out what an interaction has to show; nothing when it failed or was cancelled. */
export async function answerInteraction(
  interaction: Interaction,
  outcome: Outcome,
  tools: InteractionTools,
): Promise<InteractionResult | undefined> {
  const { request } = interaction.input
  const prompt = interactionPrompt(request.input)
  const shown = (steps: readonly Fields[], text = '') => ({
    steps: [...inputSteps(request.input), ...steps],
    usage: usage(prompt, text),
  })
  switch (outcome.outcome ?? 'succeeded') {
    case 'requires_action':
      return shown(callSteps(interaction.id, outcome.requiresAction ?? [firstFunction(request)]))
    case 'succeeded': {
      if (wantsVideo(request)) return shown([await videoStep(tools.files)])
      const text = await textOf(interaction, outcome, tools.respond)
      return shown([textStep(text)], text)
    }
    case 'incomplete':
    case 'budget_exceeded': {
      // Cut off where the tokens ran out.
      const [text = ''] = cutText(await textOf(interaction, outcome, tools.respond))
      return shown([textStep(text)], text)
    }
    default:
      return undefined
  }
}

async function textOf({ model, input }: Interaction, { output }: Outcome, respond: Respond): Promise<string> {
  const { request } = input
  const prompt = interactionPrompt(request.input)
  try {
    return output ?? (await answer(respond, { kind: 'interaction', model: model ?? '', prompt, request }))
  } catch (error) {
    throw new JobFailure(13, messageOf(error))
  }
}

function textStep(text: string): Fields {
  return { type: 'model_output', content: [{ type: 'text', text }] }
}

function wantsVideo({ response_format: formats }: Fields): boolean {
  return [formats].flat().some((format) => isFields(format) && format.type === 'video')
}

async function videoStep(files: FileStore): Promise<Fields> {
  const { id, mimeType } = await saveSampleVideo(files)
  return { type: 'model_output', content: [{ type: 'video', mime_type: mimeType, uri: fileUri(id) }] }
}

/** The function that a model without a script calls: the first one it was given. */
function firstFunction({ tools }: Fields): FunctionCall {
  const declared = [tools].flat().find((tool) => isFields(tool) && tool.type === 'function')
  return { name: isFields(declared) && typeof declared.name === 'string' ? declared.name : 'echo' }
}

function callSteps(id: string, calls: readonly FunctionCall[]): Fields[] {
  return calls.map((call, index) => ({
    type: 'function_call',
    id: `${id}-call-${index + 1}`,
    name: call.name,
    arguments: call.arguments ?? {},
  }))
}

function usage(prompt: string, text: string): Fields {
  const [input, output] = [countTokens(prompt), countTokens(text)]
  return { total_tokens: input + output, total_input_tokens: input, total_output_tokens: output }
}
