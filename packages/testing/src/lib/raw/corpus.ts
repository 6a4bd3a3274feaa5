import { CHUNKS } from './chunks.ts'
import { FOREIGN } from './foreign.ts'
import { HEADERS } from './headers.ts'
import { INTERRUPTED } from './interrupted.ts'
import { LENGTHS } from './lengths.ts'
import type { RawCase } from './raw-case.ts'
import { REQUEST_LINES } from './request-lines.ts'

/** Every request of the corpus; the verdicts are the same on every runtime. */
export const RAW_CASES: readonly RawCase[] = [
  ...REQUEST_LINES,
  ...HEADERS,
  ...LENGTHS,
  ...CHUNKS,
  ...INTERRUPTED,
  ...FOREIGN,
]
