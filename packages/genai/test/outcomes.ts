import type { BatchRow, JobResult } from '../src/index.ts'

/** What is essential about a result. */
export async function summary(result: JobResult): Promise<unknown> {
  if (result.kind !== 'batch') return result.kind === 'interaction' ? result.text : result.kind
  const rows: BatchRow[] = []
  for await (const row of result) rows.push(row)
  return rows.map(({ key, response }) => [key, response !== undefined])
}

/** Starts to wait and keeps what becomes of it. */
export function watch<T>(promise: Promise<T>) {
  const seen: { value?: T; error?: unknown } = {}
  promise.then(
    (value) => {
      seen.value = value
    },
    (error: unknown) => {
      seen.error = error
    },
  )
  return seen
}
