import type { InlinedResponseLike } from '../shared/client.ts'
import { createLineSplitter, type Line } from './lines.ts'
import { cut } from './whole-file.ts'

/** Why one request of a batch has no response. */
export interface RowError {
  /** The code the API gave, as text, or `row_invalid` for a line that is no response. */
  code: string
  /** The message, in words. */
  message: string
}

interface RowBase {
  /** Its place among the requests, from 0. */
  index: number
  /** The key of the request in the input file, or the `key` of its metadata; `undefined` if it has none. */
  key: string | undefined
  /** The metadata of the request; `undefined` if it has none. */
  metadata: Readonly<Record<string, unknown>> | undefined
}

/** A request of a batch that has a response: a `GenerateContentResponse` as plain JSON. */
export type SucceededRow<R = object> = RowBase & { response: R; error?: undefined }

/** A request of a batch that failed. */
export type FailedRow = RowBase & { response?: undefined; error: RowError }

/** The outcome of one request of a batch. */
export type BatchRow<R = object> = SucceededRow<R> | FailedRow

/** Reads the rows of inlined responses. */
export async function* inlinedRows(responses: readonly InlinedResponseLike[]): AsyncGenerator<BatchRow> {
  for (const [index, response] of responses.entries()) {
    // The API may write anything.
    if (isFields(response)) yield toRow(index, response)
    else yield invalidRow(index, 'the response is not a JSON object')
  }
}

/**
 * Reads the rows of a JSON Lines file, one at a time. One generator for all of it: each further one between the stream and
 * the caller would cost memory and time with every row.
 */
export async function* fileRows(
  open: () => Promise<ReadableStream<Uint8Array>>,
  maxRowBytes: number,
): AsyncGenerator<BatchRow> {
  const splitter = createLineSplitter(maxRowBytes)
  const hold = createHold()
  let index = 0
  const reader = (await open()).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      for (const line of splitter.push(next.value)) yield* hold.pass(parseRow(index++, line, maxRowBytes))
    }
    const last = splitter.end()
    const row = last && parseRow(index, last, maxRowBytes)
    if (row?.error?.message === NOT_JSON) throw cut('the responses of the batch end within a line')
    if (row) yield* hold.pass(row)
    if (hold.isHolding()) throw cut('the responses of the batch arrived as something else')
  } finally {
    // Also when the caller stops early: otherwise the rest of the file would be downloaded.
    await reader.cancel().catch(() => {})
  }
}

const NOT_JSON = 'the line is not JSON'
const MOST_HELD = 100

/**
 * Holds the first rows back while nothing shows that they are responses: the lines of a text, or an error of the API that
 * came in place of the file.
 */
function createHold() {
  let held: BatchRow[] | undefined = []
  return {
    isHolding: () => held !== undefined && held.length > 0,
    pass(row: BatchRow): BatchRow[] {
      if (!held) return [row]
      const rows = [...held, row]
      const isOpen = isNoResponse(row) && rows.length <= MOST_HELD
      held = isOpen ? rows : undefined
      return isOpen ? [] : rows
    },
  }
}

// A row has a status of google.rpc.Code, 0 to 16; the error of an answer has that of HTTP.
const LEAST_HTTP_STATUS = 100

function isNoResponse({ key, metadata, error }: BatchRow): boolean {
  if (error?.code === 'row_invalid') return error.message === NOT_JSON
  return key === undefined && metadata === undefined && Number(error?.code) >= LEAST_HTTP_STATUS
}

function parseRow(index: number, { text }: Line, maxRowBytes: number): BatchRow {
  if (text === undefined) return invalidRow(index, `the line is longer than ${maxRowBytes} bytes`)
  try {
    const value: unknown = JSON.parse(text)
    if (isFields(value)) return toRow(index, value)
    return invalidRow(index, 'the line is not a JSON object')
  } catch {
    return invalidRow(index, NOT_JSON)
  }
}

function toRow(index: number, fields: object): BatchRow {
  const { response, error, metadata, key, status } = fields as Record<string, unknown>
  const found = isFields(metadata) ? metadata : undefined
  const base = { index, key: toKey(key ?? found?.key), metadata: found }
  if (isFields(response)) return { ...base, response }
  // Older files have `status` where newer ones have `error`.
  const failure = isFields(error) ? error : isFields(status) ? status : undefined
  if (!failure)
    return { ...base, error: { code: 'row_invalid', message: 'the line has no response and no error' } }
  return {
    ...base,
    error: { code: String(failure.code ?? 'unknown'), message: String(failure.message ?? '') },
  }
}

function invalidRow(index: number, message: string): FailedRow {
  return { index, key: undefined, metadata: undefined, error: { code: 'row_invalid', message } }
}

function toKey(key: unknown): string | undefined {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
