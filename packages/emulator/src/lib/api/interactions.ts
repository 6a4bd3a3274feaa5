import { Hono } from 'hono'
import { toRfc3339 } from '../events/envelope.ts'
import { notFound, readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, optionalText, pick, readWebhookConfig } from '../http/fields.ts'
import { countTokens, inventAnswer, promptText } from '../jobs/answers.ts'
import { dropJob, endJob, type Job, startJob } from '../jobs/jobs.ts'
import { newInteractionId } from '../shared/ids.ts'
import type { EmulatorState } from '../state/state.ts'

type EndStatus = 'completed' | 'cancelled'

interface Interaction extends Job {
  readonly model: string | undefined
  readonly agent: string | undefined
  readonly prompt: string
  endStatus?: EndStatus
}

type Interactions = Map<string, Interaction>

/** Serves `/interactions` (https://ai.google.dev/api/interactions-api). */
export function interactionsApi(state: EmulatorState): Hono {
  const interactions: Interactions = new Map()
  return new Hono()
    .post('/', async (c) => c.json(create(state, interactions, await readFields(c.req.raw))))
    .get('/:id', (c) => c.json(show(find(interactions, c.req.param('id')))))
    .post('/:id/cancel', (c) => c.json(cancel(state, find(interactions, c.req.param('id')))))
    .delete('/:id', (c) => c.json(remove(state, interactions, c.req.param('id'))))
}

function create(state: EmulatorState, interactions: Interactions, body: Fields) {
  checkRequest(body)
  const interaction: Interaction = {
    id: newInteractionId(),
    kind: 'interaction',
    model: optionalText('model', body.model),
    agent: optionalText('agent', body.agent),
    prompt: promptText(body.input),
    config: readWebhookConfig(pick(body, 'webhookConfig')),
    createdAt: state.clock.now(),
  }
  interactions.set(interaction.id, interaction)
  if (body.background !== true) return answerAtOnce(interaction)
  const finish = () => end(state, interaction, 'completed')
  startJob(state, interaction, state.settings.jobs.interactionMs, finish)
  return { ...show(interaction), webhook_config: pick(body, 'webhookConfig') }
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

/** A foreground interaction is answered with its result, so it has no event. */
function answerAtOnce(interaction: Interaction) {
  interaction.endStatus = 'completed'
  interaction.endedAt = interaction.createdAt
  return show(interaction)
}

function end(state: EmulatorState, interaction: Interaction, endStatus: EndStatus): void {
  if (interaction.endedAt === undefined) interaction.endStatus = endStatus
  endJob(state, interaction, { eventType: `interaction.${endStatus}`, state: endStatus })
}

function cancel(state: EmulatorState, interaction: Interaction) {
  end(state, interaction, 'cancelled')
  return show(interaction)
}

function remove(state: EmulatorState, interactions: Interactions, id: string) {
  const interaction = find(interactions, id)
  dropJob(state, interaction)
  interactions.delete(interaction.id)
  return {}
}

function find(interactions: Interactions, id: string): Interaction {
  const interaction = interactions.get(id)
  if (interaction === undefined) throw notFound('Interaction')
  return interaction
}

function show(interaction: Interaction) {
  return {
    id: interaction.id,
    object: 'interaction',
    model: interaction.model,
    agent: interaction.agent,
    status: interaction.endStatus ?? 'in_progress',
    created: toRfc3339(interaction.createdAt),
    updated: toRfc3339(interaction.endedAt ?? interaction.createdAt),
    ...(interaction.endStatus === 'completed' && result(interaction.prompt)),
  }
}

function result(prompt: string) {
  const answer = inventAnswer(prompt)
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
