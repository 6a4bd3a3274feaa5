/** One field of an event's `data`. */
export interface EventField {
  readonly name: string
  readonly label: string
  readonly example: string
}

const id = (example: string): EventField => ({ name: 'id', label: 'Job id', example })
const ERROR: readonly EventField[] = [
  { name: 'error_code', label: 'Error code', example: 'INVALID_ARGUMENT' },
  { name: 'error_message', label: 'Error message', example: 'Line 17 of the input is not a request.' },
]
const FILE_URI: EventField = { name: 'output_file_uri', label: 'Output file', example: 'files/batch-demo' }

const BATCH = id('batches/demo')
const INTERACTION = id('v1_demo')

const FORMS: Readonly<Record<string, readonly EventField[]>> = {
  'batch.succeeded': [BATCH, FILE_URI],
  'batch.failed': [BATCH, ...ERROR],
  'batch.expired': [BATCH],
  'batch.cancelled': [BATCH],
  'interaction.completed': [INTERACTION],
  'interaction.failed': [INTERACTION, ...ERROR],
  'interaction.requires_action': [INTERACTION],
  'interaction.cancelled': [INTERACTION],
  'video.generated': [
    id('models/veo-3.1-generate-preview/operations/demo'),
    {
      ...FILE_URI,
      example: 'https://generativelanguage.googleapis.com/v1beta/files/demo:download?alt=media',
    },
    { name: 'file_name', label: 'File name', example: 'files/demo' },
  ],
}

/** The fields of an event type, as Google documents them (https://ai.google.dev/gemini-api/docs/webhooks). */
export function fieldsOf(type: string): readonly EventField[] {
  return FORMS[type] ?? [id('demo')]
}

/** The faults that a delivery can have without a parameter, in words. */
export const DELIVERY_FAULTS: Readonly<Record<string, string>> = {
  wrong_signature: 'wrong signature',
  unknown_key: 'signed with an unknown key',
  stale_timestamp: 'timestamp of ten minutes ago',
  tampered_body: 'body changed after signing',
  reserialized_body: 'same JSON, other bytes',
  truncated_body: 'body cut in half',
  duplicate: 'sent twice',
  reorder: 'overtaken by the next delivery',
  drop: 'lost on its way',
  slow_sender: 'body sent slowly',
  cut_before_answer: 'connection cut before the answer',
  cut_after_answer: 'answer lost',
}

/** The faults of the JWKS and of the API. */
export const OTHER_FAULTS: Readonly<Record<string, string>> = {
  delay: 'delivery late by a minute',
  jwks_down: 'JWKS answers 503',
  jwks_slow: 'JWKS answers after 5 s',
  jwks_rotated: 'JWKS has other keys',
  jwks_garbage: 'JWKS is an HTML page',
  api_error: 'API answers 503',
}

/** A fault with the parameters it needs. */
export function toFault(type: string): { readonly type: string; readonly [parameter: string]: unknown } {
  if (type === 'delay') return { type, ms: 60_000 }
  if (type === 'api_error') return { type, status: 503 }
  return { type }
}
