import { join } from 'node:path'
import { freePort } from '@gwh/testing'
import { quiesce, readDump, readEffects } from '../checker.ts'
import { POISON } from '../handler.ts'
import { type ReceiverProcess, readyReceiver } from '../receiver-process.ts'
import { count, type Finding, failuresOf, most, type Scenario, type ScenarioHarness } from '../scenario.ts'
import { createSender } from '../sender.ts'
import type { MutantName, ReceiverSettings } from '../settings.ts'

const POISONED = 5
const MAX_ATTEMPTS = 5
const MOST_DEATHS = POISONED * MAX_ATTEMPTS
// Two attempts beside others, and one alone.
const MOST_OF_OTHERS = 3

export const poison: Scenario = { name: 'poison', run: (harness) => poisoning(harness, { ids: 2_000 }) }

/** Delivers ids that kill the process that handles them, among ids that do not. */
export async function poisoning(
  harness: ScenarioHarness,
  { ids, mutant }: { ids: number; mutant?: MutantName },
): Promise<Finding> {
  const settings = await toSettings(harness, mutant)
  const { path } = settings.backend as { path: string }
  const keeper = keepAlive(settings)
  await keeper.up
  const sender = createSender({ ...harness, port: () => settings.port })
  const delivered = sender.deliverAll(withPoison(ids), 16)
  // Unless the receiver is restarted, nothing acknowledges the rest.
  delivered.catch(() => {})
  await Promise.race([delivered, keeper.gaveUp])
  const settled = await Promise.race([quiesce(path), keeper.gaveUp.then(() => false)])
  await keeper.stop()

  const { states } = readDump(path)
  const rows = [...states]
  const effects = new Set(readEffects(join(harness.folder, 'effects')))
  const poisoned = rows.filter(([id]) => id.startsWith(POISON)).map(([, row]) => row)
  const others = rows.filter(([id]) => !id.startsWith(POISON))
  const dead = poisoned.filter(({ state }) => state === 'dead').length
  const innocentDead = others.filter(([, { state }]) => state === 'dead').length
  const mostOfOthers = most(others.map(([, { attempts }]) => attempts))
  const done = others.filter(([id, { state }]) => state === 'done' && effects.has(id)).length
  // The last claim is the one that dead-letters.
  const tries = Math.max(0, most(poisoned.map(({ attempts }) => attempts)) - 1)
  return {
    figures: `${POISONED} poisonous of ${count(rows.length)} deliveries, ${keeper.deaths()} processes died, ${dead} poisonous dead after ≤ ${tries} tries (≤ ${MAX_ATTEMPTS}), ${count(done)} of ${count(ids)} others done after ≤ ${mostOfOthers} tries (≤ ${MOST_OF_OTHERS}), ${innocentDead} of them dead`,
    failures: failuresOf({
      'what kills every process is given up on': dead === POISONED,
      'within its attempts': tries <= MAX_ATTEMPTS && keeper.deaths() <= MOST_DEATHS,
      'everything else is done': done === ids,
      'it costs the others two attempts at most': mostOfOthers <= MOST_OF_OTHERS,
      'nothing else is given up on': innocentDead === 0,
      'every delivery is settled': settled,
    }),
  }
}

async function toSettings(
  { folder, secret }: ScenarioHarness,
  mutant?: MutantName,
): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'sqlite', path: join(folder, 'deliveries.db') },
    role: 'both',
    effects: { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 1,
    leaseMs: 1_000,
    concurrency: 8,
    maxAttempts: MAX_ATTEMPTS,
    ...(mutant && { mutant }),
  }
}

function withPoison(ids: number): string[] {
  const every = Math.floor(ids / POISONED)
  return Array.from({ length: ids }, (_, index) => [
    `msg_${index}`,
    ...(index % every === 0 && index / every < POISONED ? [`${POISON}_${index}`] : []),
  ]).flat()
}

/** Restarts the receiver whenever it dies, up to a limit. */
function keepAlive(settings: ReceiverSettings) {
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<void>()
  let receiver: ReceiverProcess | undefined
  let deaths = 0
  let stopping = false
  const watch = async () => {
    const { signal } = await receiver!.exited
    if (stopping || signal !== 'SIGKILL') return
    await died()
  }
  const died = async () => {
    deaths++
    if (deaths > MOST_DEATHS + POISONED) giveUp()
    else await start()
  }
  const start = async () => {
    receiver = await readyReceiver(settings).catch(() => undefined)
    if (receiver) watch()
    // Died before it was ready: a delivery in the queue killed it.
    else if (!stopping) await died()
  }
  return {
    up: start(),
    gaveUp,
    deaths: () => deaths,
    async stop() {
      stopping = true
      await receiver?.end('SIGKILL')
    },
  }
}
