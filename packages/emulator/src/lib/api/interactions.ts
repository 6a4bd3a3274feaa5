import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { toRfc3339 } from '../events/envelope.ts'
import { notFound, readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, optionalName, optionalText, pick, readWebhookConfig, toText } from '../http/fields.ts'
import { toPage } from '../http/pages.ts'
import { answerInteraction, functionResults, type Interaction, inputSteps } from '../jobs/interaction.ts'
import type { JobDraft } from '../jobs/job.ts'
import { outcomeOf, rpcCodeName } from '../jobs/outcomes.ts'
import { newInteractionId } from '../shared/ids.ts'
import type { EmulatorState } from '../state/state.ts'
import { closingEvents, openingEvents, type ShownInteraction } from './interaction-stream.ts'

/** Serves `/interactions` (https://ai.google.dev/api/interactions-api). */
export function interactionsApi(state: EmulatorState): Hono {
  const { files, settings } = state
  state.jobs.define<Interaction>('interaction', {
    produce: (interaction, outcome) =>
      answerInteraction(interaction, outcome, { files, respond: settings.respond }),
    eventData: () => ({}),
  })
  return new Hono()
    .post('/', async (c) => create(state, c, await readFields(c.req.raw)))
    .get('/', (c) => c.json(list(state, c.req.query('page_size'), c.req.query('page_token'))))
    .get('/:id', (c) => get(state, c, find(state, c.req.param('id'))))
    .post('/:id/cancel', (c) => c.json(cancel(state, c.req.param('id'))))
    .delete('/:id', (c) => c.json(remove(state, c.req.param('id'))))
}

/** Creates an interaction that runs in the background. */
export function startInteraction(state: EmulatorState, body: Fields): Interaction {
  return state.jobs.start(readDraft(state, body))
}

function readDraft(state: EmulatorState, body: Fields): JobDraft<Interaction> {
  checkRequest(state, body)
  return {
    id: newInteractionId(),
    kind: 'interaction',
    model: optionalName('model', body.model) ?? optionalName('agent', body.agent),
    config: readWebhookConfig(pick(body, 'webhookConfig'), state.settings.profile),
    input: { request: body },
  }
}

async function create(state: EmulatorState, c: Context, body: Fields): Promise<Response> {
  const draft = readDraft(state, body)
  // A foreground interaction is answered with its result, so it has no event.
  const isKept = body.store !== false
  const interaction =
    body.background === true ? state.jobs.start(draft) : await state.jobs.answer(draft, { isKept })
  if (body.stream === true) return stream(state, c, interaction)
  return c.json({ ...show(interaction), webhook_config: pick(body, 'webhookConfig') })
}

function checkRequest(state: EmulatorState, body: Fields): void {
  if (body.model === undefined && body.agent === undefined)
    throw invalid("One of 'model' and 'agent' is required.")
  if (body.model !== undefined && body.agent !== undefined) {
    throw invalid("Only one of 'model' and 'agent' can be given.")
  }
  checkStore(body)
  if (body.input === undefined) throw invalid("'input' is required.")
  if (pick(body, 'webhookConfig') !== undefined && body.background !== true) {
    throw invalid('webhook_config requires background=true.')
  }
  inputSteps(body.input)
  checkContinuation(state, body)
}

/** Refuses to run in the background what is not kept (https://ai.google.dev/gemini-api/docs/interactions). */
function checkStore({ store, background }: Fields): void {
  if (store !== undefined && typeof store !== 'boolean') throw invalid("'store' must be a boolean.")
  if (store === false && background === true) throw invalid('background=true requires store=true.')
}

/** Refuses results of functions that were not called, and continuations that leave a call unanswered. */
function checkContinuation(state: EmulatorState, body: Fields): void {
  const previousId = optionalText('previous_interaction_id', body.previous_interaction_id)
  const answered = functionResults(body.input).map((result) => result.call_id)
  const called = previousId === undefined ? [] : openCalls(find(state, previousId))
  const unknown = answered.find((id) => !called.includes(id))
  if (unknown !== undefined || (answered.length > 0 && previousId === undefined)) {
    throw invalid(`The interaction before has no open function call '${toText(unknown)}'.`)
  }
  const open = called.find((id) => !answered.includes(id))
  if (open !== undefined) throw invalid(`The input has no function_result for call '${toText(open)}'.`)
}

/** The ids of the calls an interaction waits for. */
function openCalls({ end }: Interaction): unknown[] {
  if (end?.outcome !== 'requires_action') return []
  return end.result!.steps.filter(({ type }) => type === 'function_call').map(({ id }) => id)
}

function get(state: EmulatorState, c: Context, interaction: Interaction): Response | Promise<Response> {
  if (c.req.query('stream') === 'true') return stream(state, c, interaction)
  const input = c.req.query('include_input') === 'true' ? { input: interaction.input.request.input } : {}
  return c.json({ ...show(interaction), ...input })
}

/** Streams from the beginning, or from after `last_event_id`, until the interaction has ended. */
function stream(state: EmulatorState, c: Context, interaction: Interaction): Response {
  const seen = readEventId(c.req.query('last_event_id'))
  // One that is not kept has ended.
  const isKept = interaction.input.request.store !== false
  const current = () => (isKept ? state.jobs.get<Interaction>('interaction', interaction.id) : interaction)
  return streamSSE(c, async (sse) => {
    let number = 0
    const send = async (events: readonly Fields[]) => {
      for (const event of events) {
        number += 1
        if (number <= seen) continue
        const data = JSON.stringify({ ...event, event_id: String(number) })
        await sse.writeSSE({ event: String(event.event_type), data })
      }
    }
    await send(openingEvents(show(current()!)))
    const left = new AbortController()
    sse.onAbort(() => left.abort())
    if (sse.aborted) left.abort()
    await state.waitWhile(() => current() !== undefined && current()!.end === undefined, left.signal)
    const ended = current()
    if (ended?.end !== undefined) await send(closingEvents(show(ended)))
    await sse.writeSSE({ event: 'done', data: '[DONE]' })
  })
}

function readEventId(text: string | undefined): number {
  if (text === undefined) return 0
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw invalid("'last_event_id' is not the id of an event of this stream.")
}

function cancel(state: EmulatorState, id: string) {
  state.jobs.cancel(find(state, id).id)
  return show(find(state, id))
}

function remove(state: EmulatorState, id: string) {
  state.jobs.remove(find(state, id).id)
  return {}
}

/** The SDK has no such call; it shows what an emulator holds. */
function list(state: EmulatorState, size: string | undefined, token: string | undefined) {
  const page = toPage(state.jobs.all<Interaction>('interaction'), { size, token })
  return {
    ...(page.items.length > 0 && { interactions: page.items.map(show) }),
    next_page_token: page.nextToken,
  }
}

function find(state: EmulatorState, id: string): Interaction {
  const interaction = state.jobs.get<Interaction>('interaction', id)
  if (interaction === undefined) throw notFound('Interaction')
  return interaction
}

function show({ id, input, createdAt, end }: Interaction): ShownInteraction {
  const { model, agent, previous_interaction_id } = input.request
  return {
    id,
    object: 'interaction',
    model,
    agent,
    status: end ? outcomeOf('interaction', end.outcome)!.state : 'in_progress',
    created: toRfc3339(createdAt),
    updated: toRfc3339(end?.at ?? createdAt),
    previous_interaction_id,
    errors: end?.error && [{ code: rpcCodeName(end.error.code), message: end.error.message }],
    steps: end?.result?.steps,
    usage: end?.result?.usage,
  }
}

function invalid(message: string): RequestFault {
  return new RequestFault('invalid_request', message)
}
