import type { Scenario } from './scenario.ts'
import { bullmq } from './scenarios/bullmq.ts'
import { clockSteps } from './scenarios/clock-steps.ts'
import { dedupeTtl } from './scenarios/dedupe-ttl.ts'
import { idleSockets } from './scenarios/idle-sockets.ts'
import { killEmulator } from './scenarios/kill-emulator.ts'
import { killRedis } from './scenarios/kill-redis.ts'
import { killSqlite, killSqliteTx } from './scenarios/kill-sqlite.ts'
import { missedWebhooks } from './scenarios/missed-webhooks.ts'
import { poison } from './scenarios/poison.ts'
import { redis } from './scenarios/redis.ts'
import { sigtermRolling } from './scenarios/sigterm-rolling.ts'
import { sqliteDamage } from './scenarios/sqlite-damage.ts'
import { staleOwners } from './scenarios/stale-owners.ts'
import { stalls } from './scenarios/stalls.ts'

/** Every scenario, the most important first. */
export const SCENARIOS: readonly Scenario[] = [
  killSqlite,
  killSqliteTx,
  staleOwners,
  stalls,
  sigtermRolling,
  redis,
  bullmq,
  killRedis,
  sqliteDamage,
  poison,
  dedupeTtl,
  clockSteps,
  missedWebhooks,
  idleSockets,
  killEmulator,
]
