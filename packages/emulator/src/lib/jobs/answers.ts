import { RequestFault } from '../http/faults.ts'
import type { Fields } from '../http/fields.ts'
import type { Respond, RespondRequest } from '../shared/respond.ts'

/** Collects every `text` in a request, in reading order. */
export function promptText(value: unknown): string {
  return [...texts(value)].join(' ')
}

function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const part of value) yield* texts(part)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner !== 'string' || name === 'text') yield* texts(inner)
    }
  }
}

/** Asks `respond` for the model's answer. Rejects with what it throws. */
export async function answer(respond: Respond, request: RespondRequest): Promise<string> {
  const text = await respond(request)
  if (typeof text === 'string') return text
  throw new TypeError(`respond must return a string, not ${typeof text}`)
}

/** Asks `respond` as a client that waits for the answer: what it throws becomes the answer's fault. */
export async function answerOrFault(respond: Respond, request: RespondRequest): Promise<string> {
  try {
    return await answer(respond, request)
  } catch (error) {
    throw new RequestFault('internal', messageOf(error))
  }
}

/** What a client is told of an error that `respond` threw. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Counts tokens the way a rule of thumb does: four characters each. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

/** Makes a GenerateContentResponse of a text (https://ai.google.dev/api/generate-content#generatecontentresponse). */
export function generatedContent(model: string, prompt: string, text: string): Fields {
  return { ...candidate(model, text, 'STOP'), usageMetadata: usage(prompt, text) }
}

/** Cuts a text into the responses of a stream, of which the last one carries the usage. */
export function* generatedChunks(model: string, prompt: string, text: string): Generator<Fields> {
  const pieces = cutText(text)
  const last = pieces.pop() ?? ''
  for (const piece of pieces) yield candidate(model, piece)
  yield { ...candidate(model, last, 'STOP'), usageMetadata: usage(prompt, text) }
}

/** Cuts a text into pieces of a few words each; put together again they are the text. */
export function cutText(text: string): string[] {
  return text.match(/(?:\S+\s*|\s+){1,8}/g) ?? []
}

function candidate(model: string, text: string, finishReason?: string): Fields {
  const content = { role: 'model', parts: [{ text }] }
  return { candidates: [{ content, finishReason, index: 0 }], modelVersion: model }
}

function usage(prompt: string, text: string): Fields {
  const promptTokenCount = countTokens(prompt)
  const candidatesTokenCount = countTokens(text)
  return { promptTokenCount, candidatesTokenCount, totalTokenCount: promptTokenCount + candidatesTokenCount }
}
