import { median } from '../harness.ts'
import { load, makeRequest } from './load.ts'
import { startServer } from './server.ts'
/** Measures the servers of a table in turns, so that other load on the machine affects them alike. */
export async function measureTable(table, body, extent, around) {
  const running = []
  for (const contender of table.contenders) {
    const server = await startServer(contender, around)
    running.push({ contender, server, times: [], p99s: [], stalls: [] })
  }
  // The first rounds warm up.
  for (let index = -2; index < extent.rounds; index++) {
    for (const one of running) await round(one, body, extent, index < 0)
  }
  if (table.latency) {
    for (let index = 0; index < Math.ceil(extent.rounds / 3); index++) {
      for (const one of running) await watchedRound(one, body, extent)
    }
  }
  for (const { server } of running) server.stop()
  return running.map((one) => summarise(one, running))
}
async function round({ server, times }, body, extent, warmUp) {
  const requests = makeRequests(body, extent)
  const before = await server.usage()
  await load(server.port, requests, extent.connections)
  const after = await server.usage()
  if (!warmUp) times.push((after.cpu - before.cpu) / extent.deliveries)
}
/** A round that watches the event loop, which itself takes CPU time. */
async function watchedRound({ server, p99s, stalls }, body, extent) {
  const requests = makeRequests(body, extent)
  await server.usage('watch')
  const times = await load(server.port, requests, extent.connections)
  stalls.push((await server.usage('end of watch')).stall)
  p99s.push(times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)])
}
function makeRequests(body, { deliveries }) {
  return Array.from({ length: deliveries }, () => makeRequest(body))
}
function summarise({ contender, times, p99s, stalls }, all) {
  const { name, to = all[0].contender.name } = contender
  const reference = all.find((other) => other.contender.name === to)
  const leastUs = Math.min(...times)
  return {
    name,
    leastUs,
    medianUs: median(times),
    ratio: Math.min(...reference.times) / leastUs,
    to,
    ...(p99s.length > 0 && { p99Ms: median(p99s), stallMs: median(stalls) }),
  }
}
