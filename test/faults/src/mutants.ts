import type { Gate } from './gate.ts'
import { retrying } from './gates/dedupe-ttl.ts'
import { killing } from './gates/kill-sqlite.ts'
import { poisoning } from './gates/poison.ts'
import { redisMutant } from './gates/redis.ts'
import { onRedis, onSqlite } from './gates/stale-owners.ts'
import { stallMutant } from './gates/stalls.ts'
import { endless, forgetful, unfenced, unfencedRelease } from './mutations.ts'

/** A known mistake, and the claim of a gate that must notice it. */
export interface Mutant extends Gate {
  gate: string
  breaks: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-commit',
    gate: 'kill-sqlite',
    breaks: 'nothing acknowledged is lost',
    run: (scene) =>
      killing(scene, { ids: 2_000, leastKills: 5, pace: 500, effects: 'file', mutant: 'ack-before-commit' }),
  },
  {
    name: 'unfenced-complete',
    gate: 'stale-owners',
    breaks: 'no late completion is accepted',
    run: (scene) => onSqlite(scene, unfenced),
  },
  {
    name: 'unfenced-release',
    gate: 'stale-owners',
    breaks: 'nothing else of a former owner is accepted',
    run: () => onRedis(unfencedRelease),
  },
  {
    name: 'endless-lease',
    gate: 'stale-owners',
    breaks: 'a lease of no time has ended',
    run: (scene) => onSqlite(scene, endless),
  },
  {
    name: 'unfenced-stall',
    gate: 'stalls',
    breaks: 'no write of a former owner is accepted',
    run: (scene) => stallMutant(scene, 'unfenced'),
  },
  {
    name: 'claimed-together',
    gate: 'poison',
    breaks: 'nothing else is given up on',
    run: (scene) => poisoning(scene, { ids: 200, mutant: 'together' }),
  },
  {
    name: 'late-count',
    gate: 'poison',
    breaks: 'what kills every process is given up on',
    run: (scene) => poisoning(scene, { ids: 50, mutant: 'late-count' }),
  },
  {
    name: 'short-memory',
    gate: 'dedupe-ttl',
    breaks: 'every retry is a duplicate',
    run: (scene) => retrying(scene, forgetful),
  },
  {
    name: 'error-is-new',
    gate: 'redis',
    breaks: 'no 2xx while Redis takes nothing',
    run: (scene) => redisMutant(scene, 'error-is-new'),
  },
]
