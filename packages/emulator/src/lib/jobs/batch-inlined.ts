import { setImmediate } from 'node:timers/promises'
import type { Fields } from '../http/fields.ts'
import type { Respond } from '../shared/respond.ts'
import type { Outcome } from '../shared/scenario.ts'
import { answerBatchRequest, type Batch, type BatchRequest, type BatchResult } from './batch.ts'
import { JobFailure } from './job.ts'

/** What a batch over inlined requests works with. */
export interface InlinedTools {
  readonly respond: Respond
  /** Whether the batch still runs; once it does not, the work stops. */
  readonly isRunning: () => boolean
}

// How many requests are answered before other work has its turn.
const AT_A_TIME = 10

/** Answers inlined requests in memory; other work runs in between. */
export async function runInlined(
  batch: Batch,
  requests: readonly BatchRequest[],
  outcome: Outcome,
  { respond, isRunning }: InlinedTools,
): Promise<BatchResult> {
  const responses: Fields[] = []
  for (const [index, asked] of requests.entries()) {
    if (index > 0 && index % AT_A_TIME === 0) await setImmediate()
    if (!isRunning()) throw new JobFailure(1, 'The batch has ended.')
    const answered = await answerBatchRequest({ batch, asked, index, outcome, respond })
    responses.push({ ...answered, metadata: asked.metadata })
  }
  const failedCount = responses.filter(({ error }) => error !== undefined).length
  return { requestCount: responses.length, failedCount, responses }
}
