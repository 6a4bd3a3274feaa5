import type { Gate } from './gate.ts'
import { retrying } from './gates/dedupe-ttl.ts'
import { killing } from './gates/kill-sqlite.ts'
import { poisoning } from './gates/poison.ts'
import { redisMutant } from './gates/redis.ts'
import { onSqlite } from './gates/stale-owners.ts'
import { forgetful, unfenced } from './mutations.ts'

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
