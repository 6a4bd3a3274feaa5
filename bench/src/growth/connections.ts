// How long an acknowledgement takes with more connections, at the same number of deliveries per second.
import { makeBody } from '../deliveries.ts'
import type { Around } from '../http/around.ts'
import { loadAtPace, makeRequest } from '../http/load.ts'
import { type ServerSpec, startServer } from '../http/server.ts'
import type { Growth } from './growth.ts'

const PER_SECOND = 500
const SERVERS: Record<string, ServerSpec> = {
  'node:http, by hand': { module: 'node', start: 'byHand' },
  '@gwh/node, inline': { module: 'node', start: 'inline' },
  '@gwh/node + SQLite queue': { module: 'store', start: 'sqliteQueue' },
}

/** Half of the answers took at most so long; the least of several rounds. */
export async function growConnections(around: Around, rounds: number): Promise<Growth> {
  const connections = [1, 4, 16, 64, 256]
  const body = makeBody(300)
  const lines: Growth['lines'] = []
  for (const [name, spec] of Object.entries(SERVERS)) {
    const server = await startServer(spec, around)
    const values = connections.map(() => Number.POSITIVE_INFINITY)
    // The first round warms up.
    for (let round = -1; round < rounds; round++) {
      for (const [index, count] of connections.entries()) {
        const requests = Array.from({ length: Math.max(PER_SECOND, count) }, () => makeRequest(body))
        const times = await loadAtPace(server.port, requests, count, PER_SECOND)
        const half = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
        if (round >= 0) values[index] = Math.min(values[index]!, half)
      }
    }
    server.stop()
    lines.push({ name, values })
  }
  return {
    id: 'growth-connections',
    title: `Time to the acknowledgement at ${PER_SECOND} deliveries per second, by connections`,
    unit: 'ms',
    of: 'connections',
    at: connections.map(String),
    lines,
  }
}
