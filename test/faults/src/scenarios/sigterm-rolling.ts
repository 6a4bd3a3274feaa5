import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@gwh/testing'
import { compare, quiesce, readDump, readEffects } from '../checker.ts'
import { startFlow } from '../flow.ts'
import { startProxy } from '../proxy.ts'
import { type Exit, type ReceiverProcess, readyReceiver } from '../receiver-process.ts'
import {
  count,
  type Finding,
  failuresOf,
  most,
  type Scenario,
  type ScenarioHarness,
  SLACK,
} from '../scenario.ts'
import { createSender } from '../sender.ts'
import type { ReceiverSettings } from '../settings.ts'

const STOPS = 20
const PACE = 200
const EXIT_MS = 30_000

export const sigtermRolling: Scenario = { name: 'sigterm-rolling', run: rolling }

async function rolling(harness: ScenarioHarness): Promise<Finding> {
  const { folder } = harness
  const all = [await toSettings(harness), await toSettings(harness)]
  const receivers = await Promise.all(all.map(readyReceiver))
  const proxy = await startProxy(all.map(({ port }) => port))
  const unanswered = new Set<number>()
  const sender = createSender({ ...harness, port: () => proxy.port }, ({ status, number }) => {
    if (status === 0) unanswered.add(number)
  })
  const flow = startFlow(sender, { pace: PACE, connections: 16 })

  const stops: (Exit & { ms: number })[] = []
  for (let stop = 0; stop < STOPS; stop++) {
    const turn = stop % 2
    await sleep(harness.random.between(100, 500))
    stops.push(await endGently(receivers[turn]!))
    receivers[turn] = await readyReceiver(all[turn]!)
  }
  await flow.stop()
  const path = join(folder, 'deliveries.db')
  const settled = await quiesce(path)
  for (const receiver of receivers) stops.push(await endGently(receiver))
  proxy.close()

  const difference = compare(sender.ackLog, readDump(path), readEffects(join(folder, 'effects')))
  const arrived = readArrived(join(folder, 'requests'))
  const resets = [...arrived].filter((number) => unanswered.has(number)).length
  const slowest = most(stops.map(({ ms }) => ms))
  return {
    figures: `${count(sender.ackLog.size)} deliveries, ${stops.length} SIGTERMs, ${resets} resets of ${count(arrived.size)} accepted requests (${unanswered.size - resets} before a receiver had them), ${difference.lost} lost, ${difference.extra} extra effects, exit ≤ ${count(slowest)} ms`,
    failures: failuresOf({
      'no accepted request stays without an answer': resets === 0,
      'nothing acknowledged is lost': difference.lost === 0,
      'every delivery is settled': settled && difference.stuck === 0 && difference.dead === 0,
      'every handled delivery had its effect': difference.missing === 0,
      'no extra effects': difference.extra === 0,
      'every receiver ends with 0': stops.every(({ code }) => code === 0),
      [`within ${EXIT_MS} ms (×${SLACK})`]: slowest <= EXIT_MS * SLACK,
    }),
  }
}

async function toSettings({ folder, secret }: ScenarioHarness): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'sqlite', path: join(folder, 'deliveries.db') },
    role: 'both',
    effects: { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 50,
    leaseMs: 20_000,
    concurrency: 8,
    requestLog: join(folder, 'requests'),
  }
}

async function endGently(receiver: ReceiverProcess): Promise<Exit & { ms: number }> {
  const startedAt = performance.now()
  const exit = await receiver.end('SIGTERM')
  return { ...exit, ms: performance.now() - startedAt }
}

/** The numbers of the requests whose head arrived at a receiver. */
function readArrived(path: string): Set<number> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return new Set(text.split('\n').filter(Boolean).map(Number))
}
