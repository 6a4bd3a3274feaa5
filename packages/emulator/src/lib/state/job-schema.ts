import { z } from 'zod'
import { isFields } from '../http/fields.ts'
import { inputSteps } from '../jobs/interaction.ts'
import { outcomesOf, readError, readOutcome } from '../jobs/outcomes.ts'
import type { JobKind } from '../shared/job-kind.ts'
import { count, fields, guideFields, id, readable, target, time } from './record-fields.ts'

const batchInput = z
  .looseObject({
    method: z.enum(['generateContent', 'embedContent']),
    displayName: z.string().optional(),
    requests: z
      .array(z.looseObject({ request: fields, key: z.string().optional() }))
      .min(1)
      .optional(),
    fileId: z.string().optional(),
  })
  .refine(({ requests, fileId }) => (requests === undefined) !== (fileId === undefined), {
    message: "expected either 'requests' or 'fileId'",
  })

const batchResult = z.looseObject({
  requestCount: count,
  failedCount: count,
  responses: z.array(fields).optional(),
  fileId: z.string().optional(),
})

const interactionRequest = fields.superRefine((request, context) => {
  try {
    inputSteps(request.input)
  } catch (error) {
    context.addIssue({ code: 'custom', message: String(error), path: ['input'] })
  }
})

/** A job as it is stored, by its kind. */
export const jobSchema = z.discriminatedUnion('kind', [
  job('batch', /^batches\/[^/]+$/, batchInput, batchResult),
  job(
    'interaction',
    /^[^/]+$/,
    z.looseObject({ request: interactionRequest }),
    z.looseObject({ steps: z.array(fields), usage: fields }),
  ),
  job(
    'video',
    /^models\/.+\/operations\/[^/]+$/,
    z.looseObject({ prompt: z.string(), count: z.int().min(1) }),
    z.looseObject({ fileIds: z.array(z.string()), filteredCount: count.optional() }),
  ),
])

function job<Kind extends JobKind>(kind: Kind, form: RegExp, input: z.ZodType, result: z.ZodType) {
  return z.looseObject({
    id: id.regex(form),
    kind: z.literal(kind),
    // An interaction may name an agent instead.
    model: kind === 'interaction' ? z.string().optional() : z.string().startsWith('models/'),
    config: z.looseObject({
      uris: z.array(target).min(1).optional(),
      userMetadata: fields.optional(),
      ...guideFields,
    }),
    createdAt: time,
    // A job may be planned for after the last time there is.
    dueAt: z.number().min(0),
    planned: readable((planned) => readOutcome(isFields(planned) ? planned : { planned }, kind)),
    input,
    end: end(kind, result).optional(),
  })
}

function end(kind: JobKind, result: z.ZodType) {
  return z
    .looseObject({
      at: time,
      outcome: z.enum(outcomesOf(kind)),
      error: readable(readError).optional(),
      result: result.optional(),
    })
    .refine(({ outcome, result }) => outcome !== 'requires_action' || result !== undefined, {
      message: "'requires_action' needs a result",
    })
}
