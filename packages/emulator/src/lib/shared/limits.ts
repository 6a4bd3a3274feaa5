import { checkNames, number } from './option-values.ts'

/** What an emulator keeps at most. */
export interface Limits {
  /**
   * Number of deliveries; default 10 000. Those that ended first make room for new ones. When all are still
   * pending, new events are refused.
   */
  readonly deliveries: number
  /** Number of jobs, ended ones included; default 100 000. */
  readonly jobs: number
  /** Bytes of one uploaded file; default 2 GiB, about what Google takes. */
  readonly fileBytes: number
  /** Bytes of all files, unfinished uploads included; default 20 GiB, about what Google takes. */
  readonly totalFileBytes: number
  /** Number of files, unfinished ones included; default 10 000. */
  readonly files: number
  /** Number of unfinished uploads; default 100. */
  readonly uploads: number
  /** Bytes of one line of a batch's input file; default 20 MiB. */
  readonly batchLineBytes: number
  /** Number of inlined requests of one batch; default 1000. Their answers are kept and sent as one piece. */
  readonly inlinedRequests: number
}

/** The longest time that a timer of the runtime can hold, in milliseconds; a longer one would end at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

const MIB = 1024 * 1024

const DEFAULT_LIMITS: Limits = {
  deliveries: 10_000,
  jobs: 100_000,
  fileBytes: 2048 * MIB,
  totalFileBytes: 20 * 1024 * MIB,
  files: 10_000,
  uploads: 100,
  batchLineBytes: 20 * MIB,
  inlinedRequests: 1000,
}

/** Checks the limits and fills in the defaults; throws `TypeError`. */
export function readLimits(limits: Partial<Limits>): Limits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]
  checkNames('limits.', limits, names)
  const read = names.map((name) => [name, number(`limits.${name}`, limits[name] ?? DEFAULT_LIMITS[name])])
  return Object.fromEntries(read)
}
