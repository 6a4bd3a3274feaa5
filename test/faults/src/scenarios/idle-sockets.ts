import { FIXTURE_EVENTS } from '@gwh/testing'
import { createPacer } from '../pacer.ts'
import { createPost } from '../post.ts'
import {
  count,
  type Finding,
  failuresOf,
  median,
  most,
  type Scenario,
  type ScenarioHarness,
} from '../scenario.ts'
import { type ServingRuntime, startServer } from '../slow-senders/server-process.ts'
import { type Slowness, startSlowSenders } from '../slow-senders/slow-senders.ts'

const RUNTIMES = ['Node', 'Bun', 'Deno'] as const
const SOCKETS = [64, 256, 1_000]
const SLOWNESSES: readonly Slowness[] = [
  { trickle: false, declared: true },
  { trickle: false, declared: false },
  { trickle: true, declared: true },
  { trickle: true, declared: false },
]
const DELIVERIES = 100
const PER_SECOND = 80
const CONNECTIONS = 32
const LEAST_SHARE = 0.95

export const idleSockets: Scenario = {
  name: 'idle-sockets',
  run: (harness) => withholding(harness, { runtimes: RUNTIMES, sockets: SOCKETS, mutant: false }),
}

/** Delivers while other connections withhold their bodies. */
export async function withholding(
  { secret }: ScenarioHarness,
  options: { runtimes: readonly ServingRuntime[]; sockets: readonly number[]; mutant: boolean },
): Promise<Finding> {
  const results: { accepted: number; ms: number }[] = []
  let reopened = 0
  for (const runtime of options.runtimes) {
    const server = await startServer(runtime, { secret, mutant: options.mutant })
    try {
      for (const [sockets, slowness] of combine(options.sockets, SLOWNESSES)) {
        const slow = startSlowSenders(server.port, sockets, slowness)
        await slow.open
        results.push(await deliver(server.port, secret))
        slow.close()
        reopened += slow.reopened()
      }
    } finally {
      await server.stop()
    }
  }
  const shares = results.map(({ accepted }) => accepted / DELIVERIES)
  const least = Math.min(...shares)
  return {
    figures: `${options.runtimes.join(', ')} with up to ${count(most(options.sockets))} open bodies: ${count(results.length * DELIVERIES)} deliveries, at least ${(least * 100).toFixed(0)} % accepted at once, median ${median(results.map(({ ms }) => ms)).toFixed(1)} ms, ${count(reopened)} bodies ended`,
    failures: failuresOf({ [ACCEPTED_CLAIM]: least >= LEAST_SHARE }),
  }
}

/** The claim that a mutant must break. */
export const ACCEPTED_CLAIM = `at least ${LEAST_SHARE * 100} % of good deliveries are accepted at once`

function combine<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  return first.flatMap((a) => second.map((b): [A, B] => [a, b]))
}

async function deliver(port: number, secret: string): Promise<{ accepted: number; ms: number }> {
  const body = JSON.stringify(FIXTURE_EVENTS['batch.succeeded'])
  const post = createPost({ port: () => port, secret, body })
  const pacer = createPacer(PER_SECOND)
  const times: number[] = []
  let accepted = 0
  const ids = Array.from({ length: DELIVERIES }, () => crypto.randomUUID()).values()
  const connection = async () => {
    for (const id of ids) {
      await pacer.turn()
      const attempt = await post(id)
      if (attempt.status === 200) accepted++
      times.push(attempt.endedAt - attempt.startedAt)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  pacer.close()
  return { accepted, ms: median(times) }
}
