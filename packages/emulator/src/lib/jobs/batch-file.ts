import type { FileRecord } from '../files/file-record.ts'
import type { FileStore, FileWriter } from '../files/file-store.ts'
import { type JsonLine, LineError, LineWriter, readLines } from '../files/json-lines.ts'
import { RequestFault } from '../http/faults.ts'
import { checkDepth } from '../http/json.ts'
import type { Respond } from '../shared/respond.ts'
import type { Outcome } from '../shared/scenario.ts'
import {
  answerBatchRequest,
  type Batch,
  type BatchRequest,
  type BatchResult,
  readBatchRequest,
} from './batch.ts'
import { JobFailure } from './job.ts'

/** What a batch over a file works with. */
export interface BatchFileTools {
  readonly files: FileStore
  readonly respond: Respond
  /** Bytes of one line at most. */
  readonly maxLineBytes: number
  /** Whether the batch still runs; once it does not, the work stops. */
  readonly isRunning: () => boolean
}

/**
 * Answers the requests of an input file into an output file, one line at a time, so that neither is ever in memory.
 *
 * @throws JobFailure with the number of the line that is no request; the output is deleted then
 */
export async function runBatchFile(
  batch: Batch,
  outcome: Outcome,
  tools: BatchFileTools,
): Promise<BatchResult> {
  const input = tools.files.get(batch.input.fileId!)
  if (input === undefined) throw gone(batch.input.fileId!)
  const output = await tools.files.create()
  try {
    const counts = await answerLines(batch, outcome, tools, { input, output })
    const about = {
      id: outputName(batch),
      displayName: batch.input.displayName,
      mimeType: 'application/jsonl',
    }
    const { id } = await output.save({ ...about, source: 'GENERATED' })
    return { ...counts, fileId: id }
  } catch (error) {
    await output.discard()
    throw toFailure(error, input)
  }
}

/** The name of a batch's output, as the API is known to form it. */
function outputName({ id }: Batch): string {
  return `batch-${id.slice('batches/'.length)}`
}

async function answerLines(
  batch: Batch,
  outcome: Outcome,
  { files, respond, maxLineBytes, isRunning }: BatchFileTools,
  { input, output }: { input: FileRecord; output: FileWriter },
) {
  const lines = new LineWriter(output)
  let requestCount = 0
  let failedCount = 0
  for await (const line of readLines(files.scan(input), maxLineBytes)) {
    if (!isRunning()) throw new JobFailure(1, 'The batch has ended.')
    const asked = readLine(batch, line)
    const answered = await answerBatchRequest({ batch, asked, index: requestCount, outcome, respond })
    await lines.write({ key: asked.key, ...answered })
    requestCount += 1
    if (answered.error !== undefined) failedCount += 1
  }
  if (requestCount === 0) throw new JobFailure(3, `The input file files/${input.id} has no requests.`)
  await lines.flush()
  return { requestCount, failedCount }
}

function readLine(batch: Batch, { number, text }: JsonLine): BatchRequest {
  try {
    const value: unknown = JSON.parse(text)
    checkDepth('This', value)
    return readBatchRequest(batch.input.method, value)
  } catch (error) {
    throw new LineError(number, error instanceof RequestFault ? error.message : 'This is not valid JSON.')
  }
}

function gone(fileId: string): JobFailure {
  return new JobFailure(5, `The input file files/${fileId} is gone.`)
}

/** What is wrong with the input is the client's fault, and so is a limit; everything else is ours. */
function toFailure(error: unknown, input: FileRecord): unknown {
  if (error instanceof LineError) return new JobFailure(3, `files/${input.id}, ${error.message}`)
  if (!(error instanceof RequestFault)) return error
  return error.code === 'not_found' ? gone(input.id) : new JobFailure(8, error.message)
}
