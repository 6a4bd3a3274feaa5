import { credulous, endless, forgetful, patient, unfenced, unfencedRelease } from './mutations.ts'
import type { Scenario } from './scenario.ts'
import { NOTHING_FROZEN, NOTHING_PURGED, stepping } from './scenarios/clock-steps.ts'
import { retrying } from './scenarios/dedupe-ttl.ts'
import { ACCEPTED_CLAIM, withholding } from './scenarios/idle-sockets.ts'
import { ALL_RECORDED, killingEmulator, NONE_EARLY, NOTHING_LOST } from './scenarios/kill-emulator.ts'
import { volatileMutant } from './scenarios/kill-redis.ts'
import { killing } from './scenarios/kill-sqlite.ts'
import { awaitingJobs, EVERY_JOB, NO_JOB_TWICE } from './scenarios/missed-webhooks.ts'
import { poisoning } from './scenarios/poison.ts'
import { redisMutant } from './scenarios/redis.ts'
import { onRedis, onSqlite } from './scenarios/stale-owners.ts'
import { carelessMutant, NOTHING_TWICE, stallMutant } from './scenarios/stalls.ts'

/** A known mistake, and the claim of a scenario that must notice it. */
export interface Mutant extends Scenario {
  scenario: string
  breaks: string
}

const SMALL_EMULATOR_LOAD = { deliveries: 800, leastKills: 8, pace: 220 }

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-commit',
    scenario: 'kill-sqlite',
    breaks: 'nothing acknowledged is lost',
    run: (harness) =>
      killing(harness, {
        ids: 2_000,
        leastKills: 5,
        pace: 500,
        effects: 'file',
        mutant: 'ack-before-commit',
      }),
  },
  {
    name: 'unfenced-complete',
    scenario: 'stale-owners',
    breaks: 'no late completion is accepted',
    run: (harness) => onSqlite(harness, unfenced),
  },
  {
    name: 'unfenced-release',
    scenario: 'stale-owners',
    breaks: 'nothing else of a former owner is accepted',
    run: () => onRedis(unfencedRelease),
  },
  {
    name: 'endless-lease',
    scenario: 'stale-owners',
    breaks: 'a lease of no time has ended',
    run: (harness) => onSqlite(harness, endless),
  },
  {
    name: 'unfenced-stall',
    scenario: 'stalls',
    breaks: 'no write of a former owner is accepted',
    run: (harness) => stallMutant(harness, 'unfenced'),
  },
  {
    name: 'careless-stall',
    scenario: 'stalls',
    breaks: NOTHING_TWICE,
    run: carelessMutant,
  },
  {
    name: 'patient-clock',
    scenario: 'clock-steps',
    breaks: NOTHING_FROZEN,
    run: (harness) => stepping(harness, patient),
  },
  {
    name: 'credulous-clock',
    scenario: 'clock-steps',
    breaks: NOTHING_PURGED,
    run: (harness) => stepping(harness, credulous),
  },
  {
    name: 'handles-twice',
    scenario: 'missed-webhooks',
    breaks: NO_JOB_TWICE,
    run: (harness) => awaitingJobs(harness, 'handles-twice'),
  },
  {
    name: 'settles-early',
    scenario: 'missed-webhooks',
    breaks: EVERY_JOB,
    run: (harness) => awaitingJobs(harness, 'settles-early'),
  },
  {
    name: 'claimed-together',
    scenario: 'poison',
    breaks: 'nothing else is given up on',
    run: (harness) => poisoning(harness, { ids: 200, mutant: 'together' }),
  },
  {
    name: 'late-count',
    scenario: 'poison',
    breaks: 'what kills every process is given up on',
    run: (harness) => poisoning(harness, { ids: 50, mutant: 'late-count' }),
  },
  {
    name: 'short-memory',
    scenario: 'dedupe-ttl',
    breaks: 'every retry is a duplicate',
    run: (harness) => retrying(harness, forgetful),
  },
  {
    name: 'volatile',
    scenario: 'kill-redis',
    breaks: 'nothing acknowledged is lost',
    run: volatileMutant,
  },
  {
    name: 'error-is-new',
    scenario: 'redis',
    breaks: 'no 2xx while Redis takes nothing',
    run: (harness) => redisMutant(harness, 'error-is-new', 'SIGKILL'),
  },
  {
    name: 'unaware',
    scenario: 'redis',
    breaks: 'no 2xx while Redis takes nothing',
    run: (harness) => redisMutant(harness, 'unaware', 'EVICTING'),
  },
  {
    name: 'reserved-length',
    scenario: 'idle-sockets',
    breaks: ACCEPTED_CLAIM,
    run: (harness) => withholding(harness, { runtimes: ['Node'], sockets: [64], mutant: true }),
  },
  {
    name: 'late-record',
    scenario: 'kill-emulator',
    breaks: ALL_RECORDED,
    run: (harness) => killingEmulator(harness, { ...SMALL_EMULATOR_LOAD, mutant: 'late-record' }),
  },
  {
    name: 'forgets-retries',
    scenario: 'kill-emulator',
    breaks: NOTHING_LOST,
    run: (harness) => killingEmulator(harness, { ...SMALL_EMULATOR_LOAD, mutant: 'forgets-retries' }),
  },
  {
    name: 'hasty',
    scenario: 'kill-emulator',
    breaks: NONE_EARLY,
    run: (harness) => killingEmulator(harness, { ...SMALL_EMULATOR_LOAD, mutant: 'hasty' }),
  },
]
