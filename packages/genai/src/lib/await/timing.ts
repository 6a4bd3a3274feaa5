import { checkNames, wholeNumber } from '@gwh/core/options'
import type { JobKind } from '../shared/job-name.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

// At the latest, in milliseconds after the job was created.
const EXPECTED_MS: Readonly<Record<JobKind, number>> = {
  batch: HOUR_MS,
  interaction: 15 * MINUTE_MS,
  video: 5 * MINUTE_MS,
}

const SHORTEST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 6 * HOUR_MS
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = HOUR_MS

/** How long a process may look a job up before others take it, in milliseconds: the process was killed. */
export const TAKEN_MS = 120_000

/** How long a look-up may take by default, in milliseconds. */
export const LOOKUP_TIMEOUT_MS = 60_000

/**
 * When an event of each kind of job is expected at the latest, in milliseconds after the job was created.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toExpectedMs(given: Partial<Record<JobKind, number>> = {}): Record<JobKind, number> {
  checkNames(given, Object.keys(EXPECTED_MS), 'expectedMs')
  const read = (kind: JobKind) => wholeNumber(`expectedMs.${kind}`, given[kind], EXPECTED_MS[kind], 0)
  return { batch: read('batch'), interaction: read('interaction'), video: read('video') }
}

/** A wait that is up to 20 % shorter or longer, so that jobs created together are not looked up together. */
function spread(ms: number, random: () => number): number {
  return Math.ceil(ms * (0.8 + 0.4 * random()))
}

/** When a job is looked up first: a little after its event is expected. */
export function toFirstLook(createdAt: number, expectedMs: number, random: () => number): number {
  return createdAt + Math.ceil(expectedMs * (1 + 0.1 * random()))
}

/** When a job that still runs is looked up again: the longer it runs, the later, at most after 6 hours. */
export function toNextLook(createdAt: number, now: number, random: () => number): number {
  const age = Math.min(Math.max(now - createdAt, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)
  return now + spread(age, random)
}

/** How long a process sleeps at most, in milliseconds, because other processes add things to do. */
export const LONGEST_SLEEP_MS = 5 * MINUTE_MS

/**
 * How long an event is left to processes with handlers before it is looked at again, in milliseconds: at first as long as
 * they sleep at most, so that each of them sees when it is due.
 */
export function toNextOffer(age: number): number {
  return Math.min(Math.max(age, LONGEST_SLEEP_MS), LONGEST_WAIT_MS)
}

/** How long look-ups pause after the API has failed a number of times in a row: 30 seconds, doubling, at most an hour. */
export function toPause(failures: number, random: () => number): number {
  return spread(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), random)
}
