import { type Measured, median, toMeasured } from '../measured.ts'
import type { Around } from './around.ts'
import { load, makeRequest } from './load.ts'
import { type Server, startServer } from './server.ts'
import type { Contender, Table } from './tables.ts'

/** How much is measured. */
export interface Extent {
  /** Rounds of each contender. */
  rounds: number
  /** Deliveries before the first round. V8 compiles hot functions in several steps, the last after tens of thousands. */
  warmUp: number
  /** Deliveries in each round. */
  deliveries: number
  /** Connections that each send one delivery after the other. */
  connections: number
}

interface Running {
  contender: Contender
  server: Server
  times: number[]
  p99s: number[]
  stalls: number[]
}

/** Measures the servers of a table in turns, so that other load on the machine affects them alike. */
export async function measureTable(
  table: Table,
  body: Buffer,
  extent: Extent,
  around: Around,
): Promise<Measured[]> {
  const running: Running[] = []
  for (const contender of table.contenders) {
    const server = await startServer(contender, around)
    running.push({ contender, server, times: [], p99s: [], stalls: [] })
  }
  // Until the server's code is compiled.
  for (const one of running) await round(one, body, { ...extent, deliveries: extent.warmUp }, true)
  for (let index = 0; index < extent.rounds; index++) {
    for (const one of running) await round(one, body, extent, false)
  }
  if (table.latency) {
    for (let index = 0; index < Math.ceil(extent.rounds / 3); index++) {
      for (const one of running) await watchedRound(one, body, extent)
    }
  }
  for (const { server } of running) server.stop()
  const measured = toMeasured(running.map(({ contender, times }) => ({ ...contender, times })))
  if (!table.latency) return measured
  return measured.map((one, index) => {
    const { p99s, stalls } = running[index]!
    return { ...one, p99Ms: median(p99s), stallMs: median(stalls) }
  })
}

async function round(
  { server, times }: Running,
  body: Buffer,
  extent: Extent,
  warmUp: boolean,
): Promise<void> {
  const requests = makeRequests(body, extent)
  const before = await server.usage()
  await load(server.port, requests, extent.connections)
  const after = await server.usage()
  if (!warmUp) times.push((after.cpu - before.cpu) / extent.deliveries)
}

/** A round that watches the event loop, which itself takes CPU time. */
async function watchedRound({ server, p99s, stalls }: Running, body: Buffer, extent: Extent): Promise<void> {
  const requests = makeRequests(body, extent)
  await server.usage('watch')
  const times = await load(server.port, requests, extent.connections)
  stalls.push((await server.usage('end of watch')).stall)
  p99s.push(times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!)
}

function makeRequests(body: Buffer, { deliveries }: Extent): Buffer[] {
  return Array.from({ length: deliveries }, () => makeRequest(body))
}
