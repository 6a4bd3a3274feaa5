/** What the live validator lists as subscribable. */
export const SUBSCRIBABLE_TYPES = [
  'batch.succeeded',
  'batch.failed',
  'batch.expired',
  'interaction.completed',
  'interaction.failed',
  'interaction.requires_action',
  'video.generated',
] as const

/** The guide's catalogue: two more (https://ai.google.dev/gemini-api/docs/webhooks). */
export const CATALOGUE_TYPES = [...SUBSCRIBABLE_TYPES, 'batch.cancelled', 'interaction.cancelled'] as const
