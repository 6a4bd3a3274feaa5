/** The event types of the Gemini API. */
export type FixtureEventType =
  | 'batch.succeeded'
  | 'batch.failed'
  | 'batch.expired'
  | 'batch.cancelled'
  | 'interaction.completed'
  | 'interaction.failed'
  | 'interaction.requires_action'
  | 'interaction.cancelled'
  | 'video.generated'

/** An event as it is on the wire, before it is parsed. */
export interface FixtureEvent {
  type: string
  version: string
  timestamp: string
  data: { id: string; [field: string]: unknown }
  user_metadata?: Record<string, unknown>
}

/** One invented event of each type, with the fields Google documents and ids of the shape it really uses. */
export const FIXTURE_EVENTS: Readonly<Record<FixtureEventType, FixtureEvent>> = {
  'batch.succeeded': envelope('batch.succeeded', {
    id: 'batches/7k2m9x4p1q8r5t3v6w0y2z4a7b9c1d3e5f8g',
    output_file_uri: 'files/batch-7k2m9x4p1q8r5t3v6w0y2z4a7b9c1d3e5f8g',
  }),
  'batch.failed': envelope('batch.failed', {
    id: 'batches/3h5j7k9m1n3p5q7r9s1t3v5w7x9y1z3a5b7c',
    error_code: 'INVALID_ARGUMENT',
    error_message: 'Line 17 of the input file is not a valid request.',
  }),
  'batch.expired': envelope('batch.expired', { id: 'batches/9d7f5g3h1j9k7m5n3p1q9r7s5t3v1w9x7y5z' }),
  'batch.cancelled': envelope('batch.cancelled', { id: 'batches/2b4c6d8f0g2h4j6k8m0n2p4q6r8s0t2v4w6x' }),
  'interaction.completed': envelope('interaction.completed', { id: 'v1_ChdqM2s1bTduOXAxcTNyNXM3dDl2MXcz' }),
  'interaction.failed': envelope('interaction.failed', {
    id: 'v1_ChdrNm04bjBwMnE0cjZzOHQwdjJ3NHg2',
    error_code: 13,
    error_message: 'An internal error has occurred.',
  }),
  'interaction.requires_action': envelope('interaction.requires_action', {
    id: 'v1_Chdsd24zcDVxN3I5czF0M3Y1dzd4OXkx',
  }),
  'interaction.cancelled': envelope('interaction.cancelled', { id: 'v1_ChdtNHA2cThyMHMydDR2Nnc4eDB5Mno0' }),
  'video.generated': envelope('video.generated', {
    id: 'models/veo-3.1-generate-preview/operations/5n7p9q1r3s5t',
    output_file_uri: 'https://generativelanguage.googleapis.com/v1beta/files/8v0w2x4y6z8a:download?alt=media',
    file_name: 'files/8v0w2x4y6z8a',
  }),
}

function envelope(type: FixtureEventType, data: FixtureEvent['data']): FixtureEvent {
  return {
    type,
    version: 'v1',
    timestamp: '2026-11-20T11:59:58.123456Z',
    data,
    user_metadata: { job_group: 'nightly-eval' },
  }
}
