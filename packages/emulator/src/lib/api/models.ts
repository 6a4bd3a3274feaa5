import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { notFound, readFields, splitVerb } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, requiredName } from '../http/fields.ts'
import { answerOrFault, countTokens, generatedChunks, generatedContent, promptText } from '../jobs/answers.ts'
import { embed } from '../jobs/embeddings.ts'
import type { EmulatorState } from '../state/state.ts'
import { createBatch } from './batches.ts'
import { createVideo } from './videos.ts'

/** A method of a model, such as `generateContent`. */
type Method = (state: EmulatorState, call: Call) => Promise<Response> | Response

interface Call {
  /** The model's name without `models/`. */
  readonly model: string
  readonly body: Fields
  readonly c: Context
}

const METHODS: Readonly<Record<string, Method>> = {
  generateContent,
  streamGenerateContent,
  countTokens: countPrompt,
  embedContent: (_state, { body, c }) => c.json({ embedding: embed(body) }),
  batchEmbedContents: embedAll,
  batchGenerateContent: (state, { model, body, c }) =>
    c.json(createBatch(state, 'generateContent', model, body)),
  asyncBatchEmbedContent: (state, { model, body, c }) =>
    c.json(createBatch(state, 'embedContent', model, body)),
  predictLongRunning: (state, { model, body, c }) => c.json(createVideo(state, model, body)),
}

/** Serves `/models/{model}:{method}`, to which any model's name will do (https://ai.google.dev/api/generate-content). */
export function modelsApi(state: EmulatorState): Hono {
  return new Hono().post('/:target', async (c) => {
    const { id, verb } = splitVerb(c.req.param('target'))
    const method = Object.hasOwn(METHODS, verb) ? METHODS[verb] : undefined
    if (method === undefined) throw notFound('Method')
    const model = requiredName('model', id)
    return method(state, { model, body: await readFields(c.req.raw), c })
  })
}

async function generateContent(state: EmulatorState, { model, body, c }: Call): Promise<Response> {
  const { prompt, text } = await generate(state, model, body)
  return c.json(generatedContent(model, prompt, text))
}

/** With `alt=sse` as the SDK asks for it, otherwise as one JSON array. */
async function streamGenerateContent(state: EmulatorState, { model, body, c }: Call): Promise<Response> {
  const { prompt, text } = await generate(state, model, body)
  const chunks = generatedChunks(model, prompt, text)
  if (c.req.query('alt') !== 'sse') return c.json([...chunks])
  return streamSSE(c, async (stream) => {
    for (const chunk of chunks) await stream.writeSSE({ data: JSON.stringify(chunk) })
  })
}

async function generate({ settings }: EmulatorState, model: string, request: Fields) {
  if (!Array.isArray(request.contents) || request.contents.length === 0) {
    throw new RequestFault('invalid_request', '* GenerateContentRequest.contents: contents is not specified')
  }
  const prompt = promptText(request.contents)
  return {
    prompt,
    text: await answerOrFault(settings.respond, { kind: 'generateContent', model, prompt, request }),
  }
}

/** Counts what is in `contents`, or in the whole `generateContentRequest` given instead. */
function countPrompt(_state: EmulatorState, { body, c }: Call): Response {
  const counted = body.contents ?? body.generateContentRequest
  if (counted === undefined) throw new RequestFault('invalid_request', "'contents' is required.")
  return c.json({ totalTokens: countTokens(promptText(counted)) })
}

// The live API's limit.
const MAX_EMBEDDINGS = 100

function embedAll(_state: EmulatorState, { body, c }: Call): Response {
  const { requests } = body
  if (!Array.isArray(requests) || !requests.every(isFields)) {
    throw new RequestFault('invalid_request', "'requests' must be a list of embedding requests.")
  }
  if (requests.length > MAX_EMBEDDINGS) {
    throw new RequestFault(
      'invalid_request',
      `* BatchEmbedContentsRequest.requests: at most ${MAX_EMBEDDINGS} requests can be in one batch`,
    )
  }
  return c.json({ embeddings: requests.map(embed) })
}
