import { Hono } from 'hono'
import { toRfc3339 } from '../events/envelope.ts'
import { notFound, readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, optionalText, pick, readWebhookConfig } from '../http/fields.ts'
import { countTokens, promptText } from '../jobs/answers.ts'
import type { JobDraft, JobRecord } from '../jobs/job.ts'
import { outcomeOf } from '../jobs/outcomes.ts'
import { newInteractionId } from '../shared/ids.ts'
import type { Outcome } from '../shared/scenario.ts'
import type { EmulatorState } from '../state/state.ts'

interface InteractionInput {
  readonly model: string | undefined
  readonly agent: string | undefined
  readonly prompt: string
}

/** What was answered. */
interface InteractionResult {
  readonly text: string
}

type Interaction = JobRecord<'interaction', InteractionInput, InteractionResult>

/** Serves `/interactions` (https://ai.google.dev/api/interactions-api). */
export function interactionsApi(state: EmulatorState): Hono {
  state.jobs.define<Interaction>('interaction', { produce, eventData: () => ({}) })
  return new Hono()
    .post('/', async (c) => c.json(await create(state, await readFields(c.req.raw))))
    .get('/:id', (c) => c.json(show(find(state, c.req.param('id')))))
    .post('/:id/cancel', (c) => c.json(cancel(state, c.req.param('id'))))
    .delete('/:id', (c) => c.json(remove(state, c.req.param('id'))))
}

async function create(state: EmulatorState, body: Fields) {
  checkRequest(body)
  const agent = optionalText('agent', body.agent)
  const model = optionalText('model', body.model)
  const draft: JobDraft<Interaction> = {
    id: newInteractionId(),
    kind: 'interaction',
    model: model ?? agent,
    config: readWebhookConfig(pick(body, 'webhookConfig')),
    input: { model, agent, prompt: promptText(body.input) },
  }
  // A foreground interaction is answered with its result, so it has no event.
  if (body.background !== true) return show(await state.jobs.answer(draft))
  return { ...show(state.jobs.start(draft)), webhook_config: pick(body, 'webhookConfig') }
}

function checkRequest(body: Fields): void {
  const refuse = (message: string): never => {
    throw new RequestFault('invalid_request', message)
  }
  if (body.model === undefined && body.agent === undefined) refuse("One of 'model' and 'agent' is required.")
  if (body.input === undefined) refuse("'input' is required.")
  if (body.stream === true) refuse('The emulator does not stream interactions.')
  if (pick(body, 'webhookConfig') !== undefined && body.background !== true) {
    refuse('webhook_config requires background=true.')
  }
}

function produce({ input }: Interaction, { outcome = 'succeeded', output }: Outcome) {
  return outcome === 'succeeded' ? { text: output ?? `Echo: ${input.prompt}` } : undefined
}

function cancel(state: EmulatorState, id: string) {
  state.jobs.cancel(find(state, id).id)
  return show(find(state, id))
}

function remove(state: EmulatorState, id: string) {
  state.jobs.remove(find(state, id).id)
  return {}
}

function find(state: EmulatorState, id: string): Interaction {
  const interaction = state.jobs.get<Interaction>('interaction', id)
  if (interaction === undefined) throw notFound('Interaction')
  return interaction
}

function show({ id, input, createdAt, end }: Interaction) {
  return {
    id,
    object: 'interaction',
    model: input.model,
    agent: input.agent,
    status: end ? outcomeOf('interaction', end.outcome)!.state : 'in_progress',
    created: toRfc3339(createdAt),
    updated: toRfc3339(end?.at ?? createdAt),
    ...(end?.error && { errors: [end.error] }),
    ...(end?.result && showResult(input.prompt, end.result.text)),
  }
}

function showResult(prompt: string, answer: string) {
  const input = countTokens(prompt)
  const output = countTokens(answer)
  return {
    steps: [
      { type: 'user_input', content: [{ type: 'text', text: prompt }] },
      { type: 'model_output', content: [{ type: 'text', text: answer }] },
    ],
    usage: { total_tokens: input + output, total_input_tokens: input, total_output_tokens: output },
  }
}
