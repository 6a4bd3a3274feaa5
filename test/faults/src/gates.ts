import type { Gate } from './gate.ts'
import { bullmq } from './gates/bullmq.ts'
import { dedupeTtl } from './gates/dedupe-ttl.ts'
import { killSqlite, killSqliteTx } from './gates/kill-sqlite.ts'
import { poison } from './gates/poison.ts'
import { redis } from './gates/redis.ts'
import { sigtermRolling } from './gates/sigterm-rolling.ts'
import { sqliteDamage } from './gates/sqlite-damage.ts'
import { staleOwners } from './gates/stale-owners.ts'
import { stalls } from './gates/stalls.ts'

/** Every gate, the most important first. */
export const GATES: readonly Gate[] = [
  killSqlite,
  killSqliteTx,
  staleOwners,
  stalls,
  sigtermRolling,
  redis,
  bullmq,
  sqliteDamage,
  poison,
  dedupeTtl,
]
