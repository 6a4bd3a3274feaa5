import { type Fields, isFields } from '../http/fields.ts'
import { cutText } from '../jobs/answers.ts'

/** An interaction as the API shows it. */
export interface ShownInteraction extends Fields {
  readonly id: string
  readonly status: string
  readonly steps?: readonly Fields[] | undefined
  readonly errors?: readonly Fields[] | undefined
}

/** The events that open an interaction's stream (https://ai.google.dev/gemini-api/docs/interactions/streaming). */
export function openingEvents(interaction: ShownInteraction): Fields[] {
  const { id, created } = interaction
  // A stream that is read again shows the interaction as it was at its creation.
  const atFirst = { ...interaction, status: 'in_progress', updated: created, usage: undefined }
  return [
    { event_type: 'interaction.created', interaction: summary(atFirst) },
    { event_type: 'interaction.status_update', interaction_id: id, status: 'in_progress' },
  ]
}

/** The events of an interaction that has ended, after the opening ones. */
export function closingEvents(interaction: ShownInteraction): Fields[] {
  const { id, status, steps = [], errors = [] } = interaction
  const made = steps.filter(({ type }) => type === 'model_output' || type === 'function_call')
  return [
    ...made.flatMap(stepEvents),
    ...errors.map((error) => ({ event_type: 'error', error })),
    { event_type: 'interaction.status_update', interaction_id: id, status },
    { event_type: 'interaction.completed', interaction: summary(interaction) },
  ]
}

/** The fields that lifecycle events carry: what was said is in the events before. */
function summary({ id, object, model, agent, status, created, updated, usage }: ShownInteraction): Fields {
  return { id, object, model, agent, status, created, updated, usage }
}

function stepEvents(step: Fields, index: number): Fields[] {
  return [
    { event_type: 'step.start', index, step: stepShell(step) },
    ...deltas(step).map((delta) => ({ event_type: 'step.delta', index, delta })),
    { event_type: 'step.stop', index },
  ]
}

function stepShell({ type, id, name }: Fields): Fields {
  return type === 'function_call' ? { type, id, name, arguments: {} } : { type }
}

function deltas({ type, content, arguments: args }: Fields): Fields[] {
  if (type === 'function_call') return [{ type: 'arguments_delta', arguments: JSON.stringify(args) }]
  return [content].flat().filter(isFields).flatMap(contentDeltas)
}

function contentDeltas(content: Fields): Fields[] {
  if (content.type !== 'text' || typeof content.text !== 'string') return [content]
  return cutText(content.text).map((text) => ({ type: 'text', text }))
}
